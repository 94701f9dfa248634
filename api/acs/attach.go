package acs

// AttachTaskNetworkInterfacesMessage announces interfaces for a task; the agent waits for their MAC addresses.
type AttachTaskNetworkInterfacesMessage struct {
	MessageID            string `json:"messageId"`
	ClusterARN           string `json:"clusterArn"`
	ContainerInstanceARN string `json:"containerInstanceArn"`
	TaskARN              string `json:"taskArn"`
	TaskClusterARN       string `json:"taskClusterArn,omitzero"`
	GeneratedAt          int64  `json:"generatedAt,omitzero"`
	// WaitTimeoutMs must be above zero.
	WaitTimeoutMs            int64                     `json:"waitTimeoutMs"`
	ElasticNetworkInterfaces []ElasticNetworkInterface `json:"elasticNetworkInterfaces"`
}

// AttachInstanceNetworkInterfacesMessage is the same for the instance.
type AttachInstanceNetworkInterfacesMessage struct {
	MessageID                string                    `json:"messageId"`
	ClusterARN               string                    `json:"clusterArn"`
	ContainerInstanceARN     string                    `json:"containerInstanceArn"`
	GeneratedAt              int64                     `json:"generatedAt,omitzero"`
	WaitTimeoutMs            int64                     `json:"waitTimeoutMs"`
	ElasticNetworkInterfaces []ElasticNetworkInterface `json:"elasticNetworkInterfaces"`
}

// ConfirmAttachmentMessage asks the agent to confirm that a block device has arrived.
type ConfirmAttachmentMessage struct {
	MessageID            string `json:"messageId"`
	ClusterARN           string `json:"clusterArn"`
	ContainerInstanceARN string `json:"containerInstanceArn"`
	TaskARN              string `json:"taskArn,omitzero"`
	TaskClusterARN       string `json:"taskClusterArn,omitzero"`
	GeneratedAt          int64  `json:"generatedAt,omitzero"`
	// WaitTimeoutMs zero means five minutes.
	WaitTimeoutMs int64       `json:"waitTimeoutMs,omitzero"`
	Attachment    *Attachment `json:"attachment,omitzero"`
}

// Attachment is something bound to a task or an instance: amazonebs, serviceconnectdetail, s3files.
type Attachment struct {
	AttachmentARN        string               `json:"attachmentArn,omitzero"`
	AttachmentType       string               `json:"attachmentType"`
	AttachmentProperties []AttachmentProperty `json:"attachmentProperties,omitempty"`
}

// AttachmentProperty is one name and value of an Attachment.
type AttachmentProperty struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// ElasticNetworkInterface describes one interface.
type ElasticNetworkInterface struct {
	AttachmentARN string `json:"attachmentArn"`
	EC2ID         string `json:"ec2Id"`
	MACAddress    string `json:"macAddress"`
	Index         int64  `json:"index,omitzero"`
	// InterfaceAssociationProtocol is "default" or "vlan".
	InterfaceAssociationProtocol string                   `json:"interfaceAssociationProtocol,omitzero"`
	InterfaceVlanProperties      *InterfaceVlanProperties `json:"interfaceVlanProperties,omitzero"`
	IPv4Addresses                []IPv4Address            `json:"ipv4Addresses,omitempty"`
	IPv6Addresses                []IPv6Address            `json:"ipv6Addresses,omitempty"`
	// SubnetGatewayIPv4Address carries a prefix length: 10.0.0.1/24.
	SubnetGatewayIPv4Address string   `json:"subnetGatewayIpv4Address,omitzero"`
	SubnetGatewayIPv6Address string   `json:"subnetGatewayIpv6Address,omitzero"`
	DomainNameServers        []string `json:"domainNameServers,omitempty"`
	DomainName               []string `json:"domainName,omitempty"`
	PrivateDNSName           string   `json:"privateDnsName,omitzero"`
}

// InterfaceVlanProperties belongs to interfaceAssociationProtocol "vlan".
type InterfaceVlanProperties struct {
	VlanID                   string `json:"vlanId"`
	TrunkInterfaceMACAddress string `json:"trunkInterfaceMacAddress"`
}

// IPv4Address is an address of an interface.
type IPv4Address struct {
	Primary        bool   `json:"primary"`
	PrivateAddress string `json:"privateAddress"`
}

// IPv6Address is an address of an interface.
type IPv6Address struct {
	Primary bool   `json:"primary,omitzero"`
	Address string `json:"address"`
}

// MessageType is the envelope's name for the message.
func (AttachTaskNetworkInterfacesMessage) MessageType() string {
	return "AttachTaskNetworkInterfacesMessage"
}

// MessageType is the envelope's name for the message.
func (AttachInstanceNetworkInterfacesMessage) MessageType() string {
	return "AttachInstanceNetworkInterfacesMessage"
}

// MessageType is the envelope's name for the message.
func (ConfirmAttachmentMessage) MessageType() string { return "ConfirmAttachmentMessage" }

func init() {
	register[AttachTaskNetworkInterfacesMessage]()
	register[AttachInstanceNetworkInterfacesMessage]()
	register[ConfirmAttachmentMessage]()
}
