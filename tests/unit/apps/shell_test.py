#!/usr/bin/env python3
"""What shells and manuals know of the programs: completion, manual pages, and scripts that are asked what they do.

    shell_test.py SOURCE CMAKE GLIFR_TRAIN GLIFR_ANALYZE
"""
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

SOURCE, CMAKE, TRAIN, ANALYZE = sys.argv[1:5]
APPS = pathlib.Path(SOURCE) / "apps"
ZSH = """
_call_program() { shift; "$@"; }
_files() { print files; }
compadd() { [[ $1 == -- ]] && shift; for name; do [[ $name == $PREFIX* ]] && print -r -- $name; done; }
words=("$@") CURRENT=$# service=${1:t} PREFIX=${@[-1]}
complete() { . $completion; }
complete
"""


def run(*command):
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


class Case(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)


class Scripts(Case):
    def ask(self, script, *arguments):
        copy = shutil.copy(pathlib.Path(SOURCE) / "scripts" / script, self.folder)  # beside which there is nothing to run
        return run("bash", copy, *arguments)

    def test_scripts_say_what_they_do_and_do_nothing(self):
        for script, text in (("quickstart.sh", "six sine waves"), ("test.sh", "OPTION OF CMAKE"), ("setup.sh", "--quick")):
            for option in ("-h", "--help"):
                asked = self.ask(script, option)
                self.assertEqual((asked.returncode, asked.stderr), (0, ""))
                self.assertIn(text, asked.stdout)
                self.assertNotIn("#", asked.stdout)

    def test_quickstart_refuses_arguments(self):
        asked = self.ask("quickstart.sh", "--epochs")
        self.assertEqual(asked.returncode, 2)
        self.assertEqual(asked.stderr, "quickstart.sh: '--epochs' is not known; accepted: --help\n")


class ManualPages(Case):
    def page(self, program):
        page = self.folder / "page.1"
        made = run(CMAKE, f"-DPROGRAM={program}", f"-DPAGE={page}", "-P", str(APPS / "man_page.cmake"))
        self.assertEqual(made.returncode, 0, made.stderr)
        return page.read_text()

    def test_pages_hold_items_and_what_they_mean(self):
        for program in (TRAIN, ANALYZE):
            page = self.page(program)
            for wrong in ("Positionals:", "kernels for", "Excludes:", "\n\n"):
                self.assertNotIn(wrong, page)
        self.assertIn(".B \\-\\-parameters FILE\nExcludes \\-\\-checkpoint, \\-\\-layer.\n", page)
        self.assertIn(".B RESULTS=results\n", page)
        self.assertIn(".B \\-\\-clusters N\nExcludes \\-\\-max\\-clusters.\n", page)


class Completion(Case):
    def setUp(self):
        super().setUp()
        for program in (TRAIN, ANALYZE):
            (self.folder / pathlib.Path(program).name).symlink_to(program)

    def bash(self, *words):
        """What bash offers for the last of the words."""
        script = (f'. "{APPS / "completion.bash"}"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); '
                  '_glifr "$1" "${@: -1}" "${@: -2:1}"; printf "%s\\n" "${COMPREPLY[@]}"')
        return run("bash", "-c", script, "bash", str(self.folder / words[0]), *words[1:]).stdout.split()

    def zsh(self, *words):
        script = f"completion={APPS / 'completion.zsh'}{ZSH}"
        return run("zsh", "-fc", script, "zsh", str(self.folder / words[0]), *words[1:]).stdout.split()

    def offers(self, *words):
        offered = self.bash(*words)
        if shutil.which("zsh"):
            self.assertEqual([name for name in self.zsh(*words) if name != "files"], offered)
        return offered

    def test_names_of_tasks_and_models(self):
        for words in (["glifr_train"], ["glifr_analyze", "summary"], ["glifr_analyze", "count"]):
            self.assertEqual(self.offers(*words, "--task", "si"), ["sine"])
            self.assertEqual(self.offers(*words, "--model", "glifr_lhe"), ["glifr_lhet", "glifr_lheta"])
        self.assertEqual(self.offers("glifr_analyze", "count", "--model", "a"), ["all"])
        self.assertEqual(self.offers("glifr_analyze", "summary", "--model", "a"), [])  # it takes no such word

    def test_subcommands(self):
        self.assertEqual(self.offers("glifr_analyze", "re"), ["responses", "report"])
        self.assertEqual(self.offers("glifr_analyze", "--cpu-target", "baseline", "re"), ["responses", "report"])
        self.assertEqual(self.offers("glifr_analyze", "--cpu-target", "baseline", "cluster", "--max"), ["--max-clusters"])
        self.assertEqual(self.offers("glifr_analyze", "cluster", "re"), [])

    def test_fixed_values(self):
        self.assertEqual(self.offers("glifr_train", "--distribute", ""), ["auto", "batch", "trials"])
        self.assertEqual(self.offers("glifr_train", "--monitor", "val"), ["val_loss", "val_acc"])
        self.assertEqual(self.offers("glifr_analyze", "report", "--cpu-target", "x86-64-v4"), ["x86-64-v4", "x86-64-v4-amx"])
        self.assertEqual(self.offers("glifr_train", "--dist"), ["--distribute"])


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
