package placement

import (
	"cmp"
	"slices"

	"berth/ecs"
	"berth/state"
)

// Assessment is what the rules and strategies say of one instance.
type Assessment struct {
	Instance *ecs.Instance
	// Verdicts are those of the rules that the request asks for, in their order; all are asked, also after one failed.
	Verdicts []Verdict
	// Rank is 1 for what the strategies like best and grows with their numbers; equals share a rank, and the seed decides among
	// them. It is 0 where the task does not fit.
	Rank   int
	Scores []Score
}

// Fits reports whether the instance can take the task.
func (a *Assessment) Fits() bool { return a.Failed() == nil }

// Failed is the first rule the instance does not pass: the one that [Rejections] names. nil when it can take the task.
func (a *Assessment) Failed() *Verdict {
	if k := slices.IndexFunc(a.Verdicts, func(v Verdict) bool { return !v.Passed }); k >= 0 {
		return &a.Verdicts[k]
	}
	return nil
}

// Verdict is what one rule says of one instance. What is not about the rule is empty.
type Verdict struct {
	Rule   string
	Passed bool
	// Reason and Detail are the texts of a [Rejection], "" when it passed.
	Reason, Detail string
	// Amount is of cpu, memory and gpu, passed or not.
	Amount *Amount
	// Attributes lack or differ; Ports cannot be had; Unmet are the expressions that do not hold. Tasks are those of the group on
	// the instance, which distinctInstance keeps apart.
	Attributes []MissingAttribute
	Ports      []TakenPort
	Unmet      []UnmetExpression
	Tasks      []ecs.TaskID
}

// Amount compares what a task needs with what is free of the instance's total: CPU units, MiB or GPUs.
type Amount struct{ Needed, Free, Total int64 }

// Missing is how much is lacking, 0 when it fits.
func (a Amount) Missing() int64 { return max(a.Needed-a.Free, 0) }

// MissingAttribute is an attribute that the instance lacks, or has with another value.
type MissingAttribute struct {
	Name string
	// Wanted is "" where any value will do.
	Wanted string
	Have   string
	Exists bool
}

// TakenPort is a port that cannot be had: reserved by the instance, or held by a task.
type TakenPort struct {
	Port ecs.HostPort
	// Holder is "" for a reserved port.
	Holder ecs.TaskID
}

// UnmetExpression is a memberOf expression that does not hold, in its canonical form, and the part of it that does not.
type UnmetExpression struct{ Expression, Why string }

// Score is the number a strategy gives an instance; less is better.
type Score struct {
	Strategy Strategy
	Number   int64
	// Bucket is the instance's value of the attribute that tasks are spread over.
	Bucket string
}

// Explain assesses every instance of the cluster that is not INACTIVE, ranked ones first, then by id. It asks the filters that
// placement asks, and so costs a multiple of a placement by scan.
func Explain(v *state.View, r *Request) []Assessment {
	q := newQuestion(v, r)
	ls := levels(r.Strategies)
	tasks := q.bucketTasks(ls)
	var all []ranked
	v.ScanInstances(r.Cluster, "", func(i *ecs.Instance) bool {
		if i.Status != ecs.InstanceInactive {
			all = append(all, q.assess(candidate{i, v.Usage(i.ID)}, ls, tasks))
		}
		return true
	})
	slices.SortStableFunc(all, func(a, b ranked) int {
		if a.Fits() && b.Fits() {
			return slices.Compare(a.key[:], b.key[:])
		}
		return cmp.Compare(btoi(b.Fits()), btoi(a.Fits()))
	})
	out := make([]Assessment, 0, len(all))
	for k := range all {
		switch a := &all[k]; {
		case !a.Fits():
		case k > 0 && a.key == all[k-1].key:
			a.Rank = all[k-1].Rank
		default:
			a.Rank = k + 1
		}
		out = append(out, all[k].Assessment)
	}
	return out
}

// ranked is an assessment with its place in the order of the strategies.
type ranked struct {
	Assessment
	key key
}

func (q *question) assess(c candidate, ls []level, tasks [maxLevels]map[string]int64) ranked {
	a := ranked{Assessment: Assessment{Instance: c.instance}}
	for k := range rules {
		if rules[k].asked == nil || rules[k].asked(q) {
			a.Verdicts = append(a.Verdicts, rules[k].verdict(q, c))
		}
	}
	if !a.Fits() {
		return a
	}
	for k, l := range ls {
		s := Score{Strategy: l.strategy(), Number: l.weigh(q.Group, c)}
		if l.kind == byTasksInBucket {
			s.Bucket = l.value(c.instance)
			s.Number = tasks[k][s.Bucket]
		}
		a.key[k] = s.Number
		a.Scores = append(a.Scores, s)
	}
	return a
}

// strategy is the level as ECS writes it.
func (l level) strategy() Strategy {
	switch l.kind {
	case byFreeCPU:
		return Strategy{Binpack, "cpu"}
	case byFreeMemory:
		return Strategy{Binpack, "memory"}
	case byTasksInBucket:
		return Strategy{Spread, "attribute:" + l.attribute}
	}
	return Strategy{Spread, "instanceId"}
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}
