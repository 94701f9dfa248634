// Command berth is Amazon ECS on your own machines: a control plane, a node agent, and both in one process. This package reads flags
// and calls package app; it holds no logic.
package main
