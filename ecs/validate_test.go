package ecs

import (
	"strings"
	"testing"
)

func TestContainerRules(t *testing.T) {
	long := strings.Repeat("a", 256)
	checkRefusals(t, []refusal{
		{"plain", plain(), ""},
		{"no family", plain(func(d *TaskDefinition) { d.Family = "" }), "Family should not be null or empty."},
		{"family with a dot", plain(func(d *TaskDefinition) { d.Family = "a.b" }), "Family contains invalid characters."},
		{"long family", plain(func(d *TaskDefinition) { d.Family = long }), "Family contains invalid characters."},
		{"no containers", plain(func(d *TaskDefinition) { d.Containers = nil }), "Container list cannot be empty."},
		{"11 containers", plain(func(d *TaskDefinition) { d.Containers = make([]ContainerDefinition, 11) }), "Too many containers."},
		{"no image", plain(app(func(c *ContainerDefinition) { c.Image = "" })), "Container.image should not be null or empty."},
		{"no name", plain(app(func(c *ContainerDefinition) { c.Name = "" })), "Container.name should not be null or empty."},
		{"name with a dot", plain(app(func(c *ContainerDefinition) { c.Name = "a.b" })), "Container.name contains invalid characters."},
		{"long name", plain(app(func(c *ContainerDefinition) { c.Name = long })), "Container.name contains invalid characters."},
		{"name twice", plain(with("app")), "Container names must be unique within a Task Definition."},
		{"nothing essential", plain(app(func(c *ContainerDefinition) { c.Essential = false })),
			"Task definition doesn't have any essential container."},
		{"long image", plain(app(func(c *ContainerDefinition) { c.Image = long })), "Container.image contains invalid characters."},
		{"longest image", plain(app(func(c *ContainerDefinition) { c.Image = long[1:] })), ""},
		{"image with a space", plain(app(func(c *ContainerDefinition) { c.Image = "a b" })), "Container.image contains invalid characters."},
		{"image with digest", plain(app(func(c *ContainerDefinition) {
			c.Image = "registry:5000/a/b:1@sha256:" + strings.Repeat("0a", 32)
		})), ""},
		{"image with half a digest", plain(app(func(c *ContainerDefinition) { c.Image = "a@sha256" })),
			"Container.image contains invalid characters."},
	})
}

func TestMemoryRules(t *testing.T) {
	memory := func(limit, reservation int32) change {
		return app(func(c *ContainerDefinition) { c.MemoryMiB, c.MemoryReservationMiB = limit, reservation })
	}
	checkRefusals(t, []refusal{
		{"none", plain(memory(0, 0)),
			"Invalid setting for container 'app'. At least one of 'memory' or 'memoryReservation' must be specified."},
		{"task memory is enough", plain(memory(0, 0), size("", "512")), ""},
		{"task cpu is not", plain(memory(0, 0), size("256", "")),
			"Invalid setting for container 'app'. At least one of 'memory' or 'memoryReservation' must be specified."},
		{"reservation is enough", plain(memory(0, 64)), ""},
		{"5", plain(memory(5, 0)), "Invalid setting for container 'app'. 'memory' must be at least 6 MiB."},
		{"negative", plain(memory(-1, 0)), "Invalid setting for container 'app'. 'memory' must be at least 6 MiB."},
		{"6", plain(memory(6, 0)), ""},
		{"reservation of 5", plain(memory(64, 5)), "Invalid setting for container 'app'. 'memoryReservation' must be at least 6 MiB."},
		{"below reservation", plain(memory(63, 64)),
			"Invalid setting for container 'app'. 'memory' must be greater than or equal to 'memoryReservation' if both are provided."},
		{"equal to reservation", plain(memory(64, 64)), ""},
		{"above the task's", plain(memory(513, 0), size("", "512")), "The 'memory' setting for container 'app' is greater than for the task."},
		{"sum above the task's", plain(memory(256, 0), with("b"), size("", "300")),
			"The sum of all container 'memoryReservation' values cannot be greater than the value of the task 'memory'."},
		{"limits may add up to more than the task's", plain(memory(256, 128), with("b"), size("", "300")), ""},
		{"negative cpu", plain(app(func(c *ContainerDefinition) { c.CPUUnits = -1 })), "Invalid 'cpu' setting for container 'app'."},
		{"cpu sum", plain(app(func(c *ContainerDefinition) { c.CPUUnits = 200 }), with("b", func(c *ContainerDefinition) { c.CPUUnits = 57 }),
			size("256", "")), "The sum of all container 'cpu' values cannot be greater than the value of the task 'cpu'."},
		{"task cpu 127", plain(size("127", "")), invalidTaskCPU},
		{"task cpu 128", plain(size("128", "")), ""},
		{"task cpu 196609", plain(size("196609", "")), invalidTaskCPU},
		{"task cpu on Windows", plain(size("64", ""), func(d *TaskDefinition) {
			d.Platform = &RuntimePlatform{OperatingSystemFamily: "WINDOWS_SERVER_2022_CORE"}
		}), ""},
		{"storage 20", plain(func(d *TaskDefinition) { d.EphemeralStorageGiB = 20 }), "EphemeralStorage size should be at least 21"},
		{"storage 201", plain(func(d *TaskDefinition) { d.EphemeralStorageGiB = 201 }), "EphemeralStorage size should be at most 200"},
	})
}

func TestPortRules(t *testing.T) {
	mismatch := func(m string) string {
		return "When networkMode=" + m + ", the host ports and container ports in port mappings must match."
	}
	badRange := "Invalid 'containerPortRange' setting for container 'app'."
	twice := "Invalid 'portMappings' setting for container 'app': container port is used multiple times in task"
	badName := func(n string) string { return "Invalid port mapping name '" + n + "' for container 'app'." }
	long := strings.Repeat("a", 65)
	second := func(host uint16) change {
		return with("b", func(c *ContainerDefinition) { c.PortMappings = []PortMapping{{ContainerPort: 80, HostPort: host}} })
	}
	checkRefusals(t, []refusal{
		{"dynamic", plain(ports(PortMapping{ContainerPort: 80})), ""},
		{"no port", plain(ports(PortMapping{HostPort: 80})), "Invalid 'containerPort' setting for container 'app'."},
		{"both", plain(ports(PortMapping{ContainerPort: 80, ContainerPortRange: "1-2"})),
			"Invalid 'portMappings' setting for container 'app': cannot specify both single port and port range"},
		{"protocol", plain(ports(PortMapping{ContainerPort: 80, Protocol: "sctp"})), "Invalid 'protocol' setting for container 'app'."},
		{"tcp and udp", plain(ports(PortMapping{ContainerPort: 80}, PortMapping{ContainerPort: 80, Protocol: UDP})), twice},
		{"none", plain(mode(NetworkNone), ports(PortMapping{ContainerPort: 80})), "Port mappings are not supported when networkMode=none."},
		{"none without ports", plain(mode(NetworkNone)), ""},
		{"host", plain(mode(NetworkHost), ports(PortMapping{ContainerPort: 80, HostPort: 81})), mismatch("host")},
		{"awsvpc", plain(mode(NetworkAWSVPC), ports(PortMapping{ContainerPort: 80, HostPort: 81})), mismatch("awsvpc")},
		{"awsvpc alike", plain(mode(NetworkAWSVPC), ports(PortMapping{ContainerPort: 80, HostPort: 80})), ""},
		{"fixed port twice", plain(ports(PortMapping{ContainerPort: 81, HostPort: 8080}), second(8080)),
			"TCP host port '8080' is mapped multiple times in task."},
		{"same container port, dynamic", plain(ports(PortMapping{ContainerPort: 80}), second(0)), ""},
		{"same container port in awsvpc", plain(mode(NetworkAWSVPC), ports(PortMapping{ContainerPort: 80}), second(0)),
			"TCP host port '80' is mapped multiple times in task."},
		{"range", plain(ports(PortMapping{ContainerPortRange: "1-65535"})), ""},
		{"range on host", plain(mode(NetworkHost), ports(PortMapping{ContainerPortRange: "80-90"})), badRange},
		{"range backwards", plain(ports(PortMapping{ContainerPortRange: "90-80"})), badRange},
		{"range of one", plain(ports(PortMapping{ContainerPortRange: "80-80"})), badRange},
		{"range too high", plain(ports(PortMapping{ContainerPortRange: "80-65536"})), badRange},
		{"range from 0", plain(ports(PortMapping{ContainerPortRange: "0-80"})), badRange},
		{"range with host port", plain(ports(PortMapping{ContainerPortRange: "80-90", HostPort: 80})), badRange},
		{"range overlaps", plain(ports(PortMapping{ContainerPortRange: "80-90"}, PortMapping{ContainerPort: 90})), twice},
		{"name", plain(ports(PortMapping{ContainerPort: 80, Name: "web_1-a", AppProtocol: "http2"})), ""},
		{"name -a", plain(ports(PortMapping{ContainerPort: 80, Name: "-a"})), badName("-a")},
		{"name A", plain(ports(PortMapping{ContainerPort: 80, Name: "A"})), badName("A")},
		{"long name", plain(ports(PortMapping{ContainerPort: 80, Name: long})), badName(long)},
		{"name twice", plain(ports(PortMapping{ContainerPort: 80, Name: "a"}, PortMapping{ContainerPort: 81, Name: "a"})),
			"The port mapping name is already used in the task definition: 'a'."},
		{"app protocol", plain(ports(PortMapping{ContainerPort: 80, Name: "a", AppProtocol: "ftp"})),
			"Invalid 'appProtocol' setting for container 'app'."},
	})
}

func TestNetworkRules(t *testing.T) {
	unsupported := func(name string, edit func(*ContainerDefinition)) refusal {
		return refusal{name, plain(mode(NetworkAWSVPC), app(edit)), name + " not supported on container when networkMode=awsvpc."}
	}
	link := func(l ...string) func(*ContainerDefinition) { return func(c *ContainerDefinition) { c.Links = l } }
	checkRefusals(t, []refusal{
		{"mode", plain(mode("nat")), "Invalid 'networkMode' setting for task: 'nat'."},
		{"pid", plain(func(d *TaskDefinition) { d.PIDMode = "none" }), "Invalid 'pidMode' setting for task: 'none'."},
		{"ipc", plain(func(d *TaskDefinition) { d.IPCMode = "x" }), "Invalid 'ipcMode' setting for task: 'x'."},
		{"external awsvpc", plain(mode(NetworkAWSVPC), func(d *TaskDefinition) { d.RequiresCompatibilities = []string{"EXTERNAL"} }),
			"The network mode 'awsvpc' is not supported by the EXTERNAL launch type."},
		unsupported("hostname is", func(c *ContainerDefinition) { c.Hostname = "h" }),
		unsupported("DNS servers are", func(c *ContainerDefinition) { c.DNSServers = []string{"1.1.1.1"} }),
		unsupported("Extra hosts are", func(c *ContainerDefinition) { c.ExtraHosts = []HostEntry{{"a", "1.1.1.1"}} }),
		unsupported("Disable Networking is", func(c *ContainerDefinition) { c.DisableNetworking = p(true) }),
		{"links in awsvpc", plain(mode(NetworkAWSVPC), app(link("b")), with("b")), "Links are not supported when networkMode=awsvpc."},
		{"links in host", plain(mode(NetworkHost), app(link("b")), with("b")), "Links are not supported when networkMode=host."},
		{"link", plain(app(link("b:db")), with("b")), ""},
		{"link to nothing", plain(app(link("c:db")), with("b")), "Invalid 'links' setting. Unknown container: 'c'"},
		{"link without alias", plain(app(link("b:")), with("b")), "Invalid 'links' setting for container 'app': 'b:'."},
		{"links in a circle", plain(app(link("b")), with("b", link("app:x"))), "Container links should not have a cycle"},
	})
}

func TestDependencyRules(t *testing.T) {
	checked := func(c *ContainerDefinition) {
		c.HealthCheck = &HealthCheck{Command: []string{"CMD", "true"}, Interval: 30, Timeout: 5, Retries: 3}
	}
	essential := func(c *ContainerDefinition) { c.Essential = true }
	on := func(names ...string) func(*ContainerDefinition) {
		return func(c *ContainerDefinition) {
			for _, n := range names {
				c.DependsOn = append(c.DependsOn, Dependency{n, ConditionStart})
			}
		}
	}
	notEssential := "A dependency container with SUCCESS or COMPLETE condition cannot be an essential container"
	cycle := "Container dependencies should not have a cycle"
	checkRefusals(t, []refusal{
		{"unknown", plain(dependsOn("db", ConditionStart)), "Cannot depend on container + 'db' because it does not exist"},
		{"start", plain(dependsOn("db", ConditionStart), with("db", essential)), ""},
		{"success", plain(dependsOn("db", ConditionSuccess), with("db")), ""},
		{"success of an essential one", plain(dependsOn("db", ConditionSuccess), with("db", essential)), notEssential},
		{"end of an essential one", plain(dependsOn("db", ConditionComplete), with("db", essential)), notEssential},
		{"healthy", plain(dependsOn("db", ConditionHealthy), with("db", checked)), ""},
		{"healthy without check", plain(dependsOn("db", ConditionHealthy), with("db")),
			"A dependency container with HEALTHY condition must have health check configured"},
		{"condition", plain(dependsOn("db", "READY"), with("db")), "Invalid dependency condition 'READY'."},
		{"itself", plain(dependsOn("app", ConditionStart)), cycle},
		{"cycle of three", plain(dependsOn("b", ConditionStart), with("b", on("c")), with("c", on("app"))), cycle},
		{"diamond", plain(dependsOn("b", ConditionStart), dependsOn("c", ConditionStart), with("b", on("d")), with("c", on("d")), with("d")), ""},
		{"start timeout 1", plain(app(func(c *ContainerDefinition) { c.StartTimeout = p[int32](1) })),
			"Granular start timeout on container 'app' must be at least 2 seconds."},
		{"stop timeout 1", plain(app(func(c *ContainerDefinition) { c.StopTimeout = p[int32](1) })),
			"Granular stop timeout on container 'app' must be at least 2 seconds."},
		{"stop timeout 121", plain(app(func(c *ContainerDefinition) { c.StopTimeout = p[int32](121) })), ""},
		{"start timeout 100000", plain(app(func(c *ContainerDefinition) { c.StartTimeout = p[int32](100000) })), ""},
	})
}
