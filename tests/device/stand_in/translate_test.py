#!/usr/bin/env python3
"""The translator names the file, the line and the instruction of what it does not know."""
import os
import subprocess
import sys
import tempfile
import unittest

TRANSLATOR = os.path.join(os.path.dirname(os.path.abspath(__file__)), "translate.py")

KERNEL = """.version 7.5
.target sm_75
.address_size 64
// a comment that
/* goes on
   for some lines */
.visible .entry kernel(.param .u64 kernel_param_0)
{{
	.reg .pred %p<3>;
	.reg .b32 %r<3>;
	.reg .f32 %f<3>;
	.reg .b64 %rd<3>;
	{}
	ret;
}}
"""
LINE = 13


class TranslatorTest(unittest.TestCase):
    def translate(self, text):
        """The translator's exit status, its message, and whether it left a file."""
        with tempfile.TemporaryDirectory() as folder:
            source, target = os.path.join(folder, "kernel.ptx"), os.path.join(folder, "kernel.cpp")
            with open(source, "w", encoding="utf-8") as file:
                file.write(text)
            done = subprocess.run([sys.executable, TRANSLATOR, source, target], capture_output=True, text=True)
            return done.returncode, done.stderr.strip(), os.path.exists(target)

    def test_what_is_known_is_translated(self):
        self.assertEqual(self.translate(KERNEL.format("add.s32 %r1, %r2, -1;")), (0, "", True))

    def test_lines_of_the_source_are_ignored(self):
        text = KERNEL.format(".loc 1 5 7, function_name $name, inlined_at 1 2 3\n\tadd.s32 %r1, %r2, 1;")
        text += '.file 1 "kernel.cu"\n.section .debug_str\n{\n$name:\n.b8 107\n}\n'
        self.assertEqual(self.translate(text), (0, "", True))

    def test_what_is_not_known_is_refused(self):
        for instruction in ["bar.sync 0;",
                            "ld.shared.f32 %f1, [%rd1];",
                            "st.local.f32 [%rd1], %f1;",
                            ".shared .align 4 .b8 memory[16];",
                            ".local .align 4 .b8 depot[16];",
                            "add.f16 %r1, %r1, %r2;",  # a type
                            "add.sat.s32 %r1, %r1, %r2;",  # what is added to an instruction
                            "add.s32 %r1, %r2;",  # too few operands
                            "add.s32 %r1, %r2, %r9;",  # a register that there is not
                            "mov.u64 %rd1, table;",  # a variable of the device
                            "mov.b64 %rd1, %f1;",  # other sizes
                            "setp.lt.and.f32 %p1, %f1, %f2, %p2;",
                            "cvt.rz.f32.s32 %f1, %r1;",
                            "mov.u32 %r1, %laneid;",
                            "atom.shared.add.u32 %r1, [%rd1], 1;",
                            "shfl.sync.idx.b32 %r1, %r2, 0, 31, -1;"]:
            with self.subTest(instruction):
                status, message, has_file = self.translate(KERNEL.format(instruction))
                self.assertEqual(status, 1)
                self.assertTrue(message.endswith(f"kernel.ptx:{LINE}: not known to translate.py: {instruction[:-1]}"), message)
                self.assertFalse(has_file)

    def test_variables_of_the_device_are_refused(self):
        status, message, _ = self.translate(KERNEL.format("") + ".global .align 4 .f32 table[3];\n")
        self.assertEqual(status, 1)
        self.assertIn("kernel.ptx:16: not known to translate.py: .global .align 4 .f32 table[3];", message)


if __name__ == "__main__":
    unittest.main()
