package app

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	apiberth "berth/api/berth"
)

// writeExplanation prints an explanation for people: the outcome, then a table for each capacity provider that was asked.
func writeExplanation(out io.Writer, x *apiberth.ExplainPlacementOutput) error {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s of group %s in cluster %s\n", lastPart(x.TaskDefinitionARN), x.Group, lastPart(x.ClusterARN))
	if x.Task != nil {
		writeTask(&b, x.Task)
	}
	writeOutcome(&b, x)
	for k := range x.Requests {
		writeRequest(&b, &x.Requests[k])
	}
	_, err := out.Write(b.Bytes())
	return err
}

func writeTask(b *bytes.Buffer, t *apiberth.ExplainedTask) {
	fmt.Fprintf(b, "Task %s is %s", lastPart(t.TaskARN), t.LastStatus)
	switch {
	case t.ContainerInstanceARN != "":
		fmt.Fprintf(b, " on %s; below it counts as gone", lastPart(t.ContainerInstanceARN))
	case t.WaitingSeconds > 0:
		fmt.Fprintf(b, ", waiting for capacity since %s", (time.Duration(t.WaitingSeconds) * time.Second).String())
	}
	b.WriteString(".\n")
}

func writeOutcome(b *bytes.Buffer, x *apiberth.ExplainPlacementOutput) {
	placed, waiting := 0, map[string]int{}
	var providers []string
	for _, p := range x.Placements {
		if p.ContainerInstanceARN != "" {
			placed++
			continue
		}
		if waiting[p.CapacityProvider]++; waiting[p.CapacityProvider] == 1 {
			providers = append(providers, p.CapacityProvider)
		}
	}
	if x.Refusal != nil {
		fmt.Fprintf(b, "Refused: %s: %s\n", x.Refusal.Code, x.Refusal.Message)
	} else {
		fmt.Fprintf(b, "%s would be placed.\n", count(placed, "task"))
	}
	for _, name := range providers {
		fmt.Fprintf(b, "%s would wait in PROVISIONING for capacity provider %s.\n", count(waiting[name], "task"), name)
	}
	for _, f := range x.Failures {
		fmt.Fprintf(b, "Not placed: %s on %s", text(f.Reason), lastPart(text(f.Arn)))
		if f.Detail != nil {
			fmt.Fprintf(b, ": %s", *f.Detail)
		}
		b.WriteByte('\n')
	}
}

func writeRequest(b *bytes.Buffer, r *apiberth.ExplainedRequest) {
	b.WriteByte('\n')
	if r.CapacityProvider != "" {
		fmt.Fprintf(b, "Capacity provider %s. ", r.CapacityProvider)
	}
	fmt.Fprintf(b, "One task needs %s.\n", needs(&r.Needs))
	fmt.Fprintf(b, "It fits on %d of %s", r.Fitting, count(r.Considered, "instance"))
	for k, c := range r.Rejected {
		separator := ", "
		if k == 0 {
			separator = "; rejected: "
		}
		fmt.Fprintf(b, "%s%d by %s", separator, c.Instances, c.Rule)
	}
	b.WriteString(".\n")
	if len(r.Instances) == 0 {
		return
	}
	w := tabwriter.NewWriter(b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "INSTANCE\tZONE\tRANK\tTASKS\tWHY")
	for k := range r.Instances {
		writeInstance(w, &r.Instances[k])
	}
	_ = w.Flush() // it writes to memory
	if r.Omitted > 0 {
		fmt.Fprintf(b, "… and %d more\n", r.Omitted)
	}
}

// needs names what was asked for in a line.
func needs(n *apiberth.Needs) string {
	parts := []string{fmt.Sprintf("%d CPU units", n.CPU), fmt.Sprintf("%d MiB", n.Memory)}
	if n.GPUs > 0 {
		parts = append(parts, fmt.Sprintf("%d GPUs", n.GPUs))
	}
	for _, p := range n.Ports {
		parts = append(parts, fmt.Sprintf("port %d/%s", p.Port, p.Protocol))
	}
	for _, a := range n.Attributes {
		if a.Value != "" {
			a.Name += "=" + a.Value
		}
		parts = append(parts, "attribute "+a.Name)
	}
	if n.DistinctInstance {
		parts = append(parts, "an instance without a task of its group")
	}
	for _, x := range n.Expressions {
		parts = append(parts, "an instance where "+x)
	}
	return strings.Join(parts, ", ")
}

// writeInstance prints a line for an instance that fits, and for another one a line for each rule that it does not pass.
func writeInstance(w io.Writer, i *apiberth.ExplainedInstance) {
	id, zone := lastPart(i.ContainerInstanceARN), orDash(i.Zone)
	if i.Fits {
		fmt.Fprintf(w, "%s\t%s\t%d\t%s\t%s\n", id, zone, i.Rank, chosen(i.Chosen), scores(i.Scores))
		return
	}
	none := "-"
	for _, why := range failures(i.Rules) {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", id, zone, none, none, why)
		id, zone, none = "", "", ""
	}
}

func chosen(n int) string {
	if n == 0 {
		return "-"
	}
	return fmt.Sprint(n)
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

func scores(all []apiberth.Score) string {
	if len(all) == 0 {
		return "fits"
	}
	var parts []string
	for _, s := range all {
		switch {
		case s.Strategy == "binpack cpu":
			parts = append(parts, fmt.Sprintf("%d CPU units free", s.Number))
		case s.Strategy == "binpack memory":
			parts = append(parts, fmt.Sprintf("%d MiB free", s.Number))
		case s.Strategy == "spread instanceId":
			parts = append(parts, count(int(s.Number), "task")+" of the group here")
		default:
			parts = append(parts, fmt.Sprintf("%s of the group where %s is %q", count(int(s.Number), "task"), strings.TrimPrefix(s.Strategy, "spread attribute:"), s.Value))
		}
	}
	return "fits: " + strings.Join(parts, ", ")
}

// failures are the rules that do not pass, in words: the rule's own, and what those leave out.
func failures(rules []apiberth.Rule) []string {
	var all []string
	for k := range rules {
		r := &rules[k]
		if r.Passed {
			continue
		}
		line := r.Rule + ": " + r.Detail
		if r.Missing > 0 {
			line += fmt.Sprintf(", %d missing", r.Missing)
		}
		if len(r.Ports) == 1 && !r.Ports[0].Reserved {
			line += ", by task " + lastPart(r.Ports[0].TaskARN)
		}
		all = append(append(all, line), further(r)...)
	}
	return all
}

// further is what a rule has to say beside its own line, which names the first of each.
func further(r *apiberth.Rule) []string {
	var all []string
	if len(r.Attributes) > 1 {
		for _, a := range r.Attributes[1:] {
			all = append(all, "  also "+attribute(a))
		}
	}
	if len(r.Ports) > 1 {
		for _, p := range r.Ports {
			all = append(all, fmt.Sprintf("  port %d/%s is %s", p.Port.Port, p.Protocol, holder(p)))
		}
	}
	if len(r.Expressions) > 1 {
		for _, x := range r.Expressions[1:] {
			all = append(all, "  also "+x.Why)
		}
	}
	for _, arn := range r.TaskARNs {
		all = append(all, "  task "+lastPart(arn))
	}
	return all
}

func holder(p apiberth.TakenPort) string {
	if p.Reserved {
		return "reserved"
	}
	return "held by task " + lastPart(p.TaskARN)
}

func attribute(a apiberth.MissingAttribute) string {
	if a.Have == nil {
		return "missing attribute " + a.Name
	}
	return fmt.Sprintf("attribute %s is %q, the task needs %q", a.Name, *a.Have, a.Wanted)
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func lastPart(arn string) string { return arn[strings.LastIndex(arn, "/")+1:] }

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
