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
		fmt.Fprintf(b, "Not placed: %s %s", lastPart(text(f.Arn)), text(f.Reason))
		if f.Detail != nil {
			fmt.Fprintf(b, " (%s)", *f.Detail)
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
		fmt.Fprintf(b, "%s %d by %s", map[bool]string{true: ";", false: ","}[k == 0], c.Instances, c.Rule)
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
	for _, why := range failures(i.Rules) {
		fmt.Fprintf(w, "%s\t%s\t-\t-\t%s\n", id, zone, why)
		id, zone = "", ""
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

// failures are the rules that do not pass, in words: the rule's own, and what it leaves out.
func failures(rules []apiberth.Rule) []string {
	var all []string
	for _, r := range rules {
		if r.Passed {
			continue
		}
		line := r.Rule + ": " + r.Detail
		if r.Missing > 0 {
			line += fmt.Sprintf(", %d missing", r.Missing)
		}
		all = append(all, line)
		if len(r.Attributes) > 1 {
			for _, a := range r.Attributes[1:] {
				all = append(all, "  also "+attribute(a))
			}
		}
		for _, p := range r.Ports {
			if !p.Reserved {
				all = append(all, fmt.Sprintf("  port %d/%s is held by task %s", p.Port.Port, p.Protocol, orDash(lastPart(p.TaskARN))))
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
	}
	return all
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
