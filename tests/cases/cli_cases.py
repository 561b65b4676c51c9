#!/usr/bin/env python3
"""Runs the real `skein` over planning cases (JSON lines) and judges what it prints.

usage: cli_cases.py SKEIN FOLDER...     every *.jsonl in the folders

A case is a graph, the rows of the version table, a direction and a target; the expected result was computed by
Alembic. Steps may come in any order that the graph allows; the rows after every step follow from the order.
"""

import collections
import glob
import json
import os
import subprocess
import sys
import tempfile


def write_project(root, graph):
    versions = os.path.join(root, "database/migrations/versions")
    os.makedirs(versions)
    for node in graph:
        lines = [f"-- revision: {node['id']}"]
        for header, key in (("revises", "down"), ("branch_labels", "labels"), ("depends_on", "deps")):
            if node[key]:
                lines.append(f"-- {header}: {', '.join(node[key])}")
        lines += [f"-- message: {node['id']}", "", "-- migrate:up", "SELECT 1;", "-- migrate:down", "SELECT 1;", ""]
        with open(os.path.join(versions, f"{node['id']}_{node.get('slug', 'step')}.sql"), "w") as file:
            file.write("\n".join(lines))


class Graph:
    """Who needs whom, for judging an order of steps."""

    def __init__(self, graph):
        carriers = {label: node["id"] for node in graph for label in node["labels"]}
        ids = {node["id"] for node in graph}
        self.needs = {node["id"]: set(node["down"]) | {d if d in ids else carriers.get(d, d) for d in node["deps"]}
                      for node in graph}

    def closure(self, rows):
        done, todo = set(), list(rows)
        while todo:
            node = todo.pop()
            if node not in done:
                done.add(node)
                todo += self.needs.get(node, ())
        return done

    def heads(self, applied):
        return sorted(applied - {need for node in applied for need in self.needs.get(node, ())})

    def problem(self, rows, steps):
        """Why this order is impossible, or whose rows are wrong; None if all is well."""
        applied = self.closure(rows)
        for step in steps:
            node, up = step["revision"], step["direction"] == "up"
            if up and not self.needs[node] <= applied:
                return f"{node} comes before what it needs"
            if not up and any(node in self.needs[other] for other in applied):
                return f"{node} goes before what needs it"
            applied = applied | {node} if up else applied - {node}
            if sorted(step["heads_after"]["core"]) != self.heads(applied):
                return f"after {node}: heads {step['heads_after']['core']}, not {self.heads(applied)}"
        return None


def arguments(case):
    rows = "core=" + ",".join(case["current"])
    direction, target = case["direction"], case["target"]
    if direction in ("upgrade", "downgrade"):
        return ["plan", direction, target, "--from", rows, "--engine", "sqlite"]
    if direction == "stamp":
        targets = target["targets"] if isinstance(target, dict) else [target]
        purge = ["--purge"] if isinstance(target, dict) and target.get("purge") else []
        return ["plan", "stamp", *targets, *purge, "--from", rows, "--engine", "sqlite"]
    if direction == "resolve":
        return ["show", target, "--from", rows]
    if direction == "history":
        return ["history", "-r", target, "--from", rows]
    return {"heads": ["heads"], "current": ["current", "--from", rows]}[direction]


def judge_steps(case, answer):
    expect = case["expect"]
    got = collections.Counter((s["direction"], s["revision"]) for s in answer["steps"])
    if got != collections.Counter(tuple(s) for s in expect["steps"]):
        return f"steps {[(s['direction'], s['revision']) for s in answer['steps']]}"
    if sorted(answer["after"]["core"]) != sorted(expect["final"]):
        return f"ends at {answer['after']['core']}"
    if expect.get("order") == "unique" and [[s["direction"], s["revision"]] for s in answer["steps"]] != expect["steps"]:
        return "another order"
    return Graph(case["graph"]).problem(case["current"], answer["steps"])


def judge_answer(case, answer):
    expect, direction = case["expect"], case["direction"]
    if direction in ("upgrade", "downgrade"):
        return judge_steps(case, answer)
    if direction == "stamp":
        return None if sorted(answer["after"]["core"]) == sorted(expect["final"]) else f"ends at {answer['after']['core']}"
    if direction == "history":
        same = answer["revisions_in_order"] == expect["revisions_in_order"]
        return None if same else f"revisions {answer['revisions_in_order']}"
    for key, value in expect.items():
        same = answer[key] == value if isinstance(value, dict) else sorted(answer[key]) == sorted(value)
        if not same:
            return f"{key} {answer[key]}"
    return None


def judge(case, process):
    try:
        answer = json.loads(process.stdout)
    except ValueError:
        return f"no JSON (exit {process.returncode}): {process.stdout[:200]!r} {process.stderr[:200]!r}"
    expect = case["expect"]
    if "error" in answer:
        error = answer["error"]
        if process.returncode == 0 or set(error) < {"code", "message", "hint"}:
            return f"exit {process.returncode} with the error {error}"
        accepted = expect.get("accept", []) + case.get("strict_ok", []) + expect.get("strict_ok", [])
        return None if error["code"] in accepted or "*" in accepted else f"error {error['code']}: {error['message']}"
    if "error" in expect:
        return f"no error, expected {expect['error']}"
    return f"exit {process.returncode}" if process.returncode != 0 else judge_answer(case, answer)


def main(skein, folders):
    cases = []
    for name in sorted(name for folder in folders for name in glob.glob(os.path.join(folder, "*.jsonl"))):
        with open(name) as file:
            cases += [json.loads(line) for line in file if line.strip()]
    failures, roots = 0, {}
    with tempfile.TemporaryDirectory() as folder:
        for case in cases:
            graph = json.dumps(case["graph"])
            if graph not in roots:
                roots[graph] = os.path.join(folder, str(len(roots)))
                write_project(roots[graph], case["graph"])
            command = [skein, *arguments(case), "--project", roots[graph], "--format", "json"]
            process = subprocess.run(command, capture_output=True, text=True, timeout=30, env={})
            problem = judge(case, process)
            if problem is not None:
                failures += 1
                print(f"{case['id']}: {' '.join(command[1:-4])}: {problem}; expected {json.dumps(case['expect'])[:300]}")
    print(f"{len(cases) - failures} of {len(cases)} cases pass")
    return 1 if failures else 0


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    present = [folder for folder in sys.argv[2:] if os.path.isdir(folder)]
    for missing in sorted(set(sys.argv[2:]) - set(present)):
        print(f"skipped: {missing} is not here")
    sys.exit(main(sys.argv[1], present) if present else 77)
