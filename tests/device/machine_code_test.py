#!/usr/bin/env python3
"""What ptxas made of the kernels: no kernel keeps arrays on a stack, and those that wait for memory ask for several
numbers before they use the first.

    machine_code_test.py CUOBJDUMP FILE         FILE: a library, an object file or a cubin
"""
import re
import subprocess
import sys

# Kernels by what their names contain, and the loads that must be under way at once.
LOADS = {
    "ScanForward<glifr::Glifr<2>, float>": 4,
    "ScanBackward<glifr::Glifr<2>, true, float>": 8,
    "SumChunk<glifr::kernels::Terms<glifr::kernels::Element<float> >, float>": 6,
    "SumChunk<glifr::kernels::ProductTerm<float>, float>": 8,
    "SumChunk<glifr::device::Square<float>, double>": 6,
    "GatherRows<float>": 6,
}
WIDTH = {"64": 2, "128": 4}
# Bytes: ptxas puts a few numbers aside, where that leaves room for more threads.
MOST_STACK = 32


def output_of(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def demangle(names):
    names = list(names)
    text = subprocess.run(["c++filt"], input="\n".join(names), check=True, capture_output=True, text=True).stdout
    return dict(zip(names, text.splitlines()))


def resources(text):
    """(kernel, bytes of its stack, registers) of `cuobjdump --dump-resource-usage`."""
    return [(name, int(stack), int(registers))
            for name, registers, stack in re.findall(r"Function (\S+):\s+REG:(\d+) STACK:(\d+)", text)]


def functions(text):
    """Instructions of each kernel of `cuobjdump -sass`, for every architecture that there is code for."""
    found, current, architecture = {}, None, ""
    for line in text.splitlines():
        if match := re.match(r"arch = (\S+)", line):
            architecture = match[1]
        elif match := re.match(r"\s*Function : (\S+)", line):
            current = found.setdefault((match[1], architecture), [])
        elif current is not None and (match := re.match(r"\s*/\*[0-9a-f]{4,}\*/\s+(.*?);", line)):
            current.append(match[1])
    return found


def loads_at_once(instructions):
    """The most loads of global memory that are issued before one of them is used."""
    most, waiting, count = 0, set(), 0
    for instruction in instructions:
        operation, _, operands = re.sub(r"^@!?\w+\s+", "", instruction).partition(" ")
        registers = [int(number) for number in re.findall(r"\bR(\d+)\b", operands)]
        if operation.startswith("LDG"):
            if waiting.intersection(registers[1:]):  # an address
                waiting, count = set(), 0
            width = next((n for bits, n in WIDTH.items() if f".{bits}" in operation), 1)
            waiting.update(range(registers[0], registers[0] + width))
            count += 1
            most = max(most, count)
        elif waiting.intersection(registers):
            waiting, count = set(), 0
    return most


def main(cuobjdump, path):
    usage = resources(output_of(cuobjdump, "--dump-resource-usage", path))
    code = functions(output_of(cuobjdump, "-sass", path))
    names = demangle({name for name, _, _ in usage} | {name for name, _ in code})
    # Without nvcc's placeholders for what has no code.
    kernels = [(names[name], stack, registers) for name, stack, registers in usage if "run_" in names[name]]
    complaints = [f"{name} keeps {stack} bytes on a stack" for name, stack, _ in kernels if stack > MOST_STACK]
    if len(kernels) < 100:
        complaints.append(f"only {len(kernels)} kernels were found")
    for part, least in LOADS.items():
        there = [(names[name], architecture, loads_at_once(lines))
                 for (name, architecture), lines in code.items() if part in names[name]]
        if not there:
            complaints.append(f"no kernel is called {part}")
        for name, architecture, loads in there:
            registers = max(r for kernel, _, r in kernels if kernel == name)
            print(f"{architecture} {loads:3} loads at once, {registers:3} registers: {name}")
            if loads < least:
                complaints.append(f"{name}: {loads} loads at once, expected {least} or more")
    print("\n".join(complaints) or f"{len(kernels)} kernels, none keeps an array on a stack")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
