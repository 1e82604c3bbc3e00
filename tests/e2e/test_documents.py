"""Completion and manual page of adsyncctl are made of the table of its commands; the installation."""
import os
import re
import subprocess

import pytest
from lab import BUILD, ROOT, binary


def table():
    """(words of the command, its arguments) of each row, and the options."""
    with open(ROOT + "/daemon/ctl/commands.inc", encoding="utf-8") as f:
        text = f.read()
    rows = re.findall(r'^COMMAND\((?:NULL|"([\w-]+)"), "([\w-]+)", "([^"]*)"', text, re.M)
    options = re.findall(r'^OPTION\(\'.\', "([\w-]+)", (?:NULL|"(\w+)")', text, re.M)
    assert len(rows) == len(re.findall(r"^COMMAND\(", text, re.M)) > 30
    assert len(options) == len(re.findall(r"^OPTION\(", text, re.M)) > 10
    return [(([group] if group else []) + [name], arguments) for group, name, arguments in rows], options


def complete(*words, cur=""):
    """What bash offers after these words."""
    script = ('source %s/packaging/adsyncctl.bash; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); '
              '_adsyncctl; printf "%%s\\n" "${COMPREPLY[@]}"' % BUILD)
    done = subprocess.run(["bash", "-c", script, "x", *words, cur], capture_output=True, text=True,
                          check=False, cwd=ROOT)
    assert done.returncode == 0 and not done.stderr, done.stderr
    return done.stdout.split("\n")[:-1]


def page():
    with open(BUILD + "/packaging/adsyncctl.1", encoding="utf-8") as f:
        return re.sub(r"\\f[BIR]", "", f.read()).replace("\\-", "-").replace("\\&", "")


def test_every_command_is_completed():
    rows, options = table()
    for words, _ in rows:
        assert words[0] in complete("adsyncctl")
        if len(words) == 2:
            assert words[1] in complete("adsyncctl", words[0])
    for option, _ in options:
        assert "--" + option in complete("adsyncctl", cur="--")


@pytest.mark.parametrize("words, offered", [
    (("adsyncctl", "run", "start"), "delta-import"),
    (("adsyncctl", "run", "start"), "--wait"),
    (("adsyncctl", "threshold", "set"), "default"),
    (("adsyncctl", "rules", "validate"), "schema"),
    (("adsyncctl", "--config"), "schema"),
    (("/usr/bin/start-sync-cycle",), "initial"),
], ids=str)
def test_arguments_are_completed(words, offered):
    assert offered in complete(*words)


def test_every_command_is_in_the_manual_and_the_usage():
    rows, options = table()
    text = page()
    usage = subprocess.run([binary("adsyncctl"), "--help"], capture_output=True, text=True,
                           check=True).stdout
    for words, arguments in rows:
        line = " ".join(words + [arguments]).strip()
        assert ".TP\n%s\n" % line in text, line
        assert re.search("^  %s +" % re.escape(line), usage, re.M), line
    for option, argument in options:
        assert ".TP\n--%s\n" % " ".join([option] + ([argument] if argument else [])) in text, option
    assert "@" not in text


@pytest.mark.parametrize("package", [True, False])
def test_installation_updates_the_catalog(tmp_path, package):
    """Not into DESTDIR: the machine that makes a package is not the one that it is for."""
    called = tmp_path / "called"
    fake = tmp_path / "journalctl"
    fake.write_text('#!/bin/sh\necho "$@" >>%s\n' % called, encoding="ascii")
    fake.chmod(0o755)
    env = dict(os.environ, PATH="%s:%s" % (tmp_path, os.environ["PATH"]))
    env.pop("DESTDIR", None)
    if package:
        env["DESTDIR"] = str(tmp_path / "root")
    # all of it goes to DESTDIR only; without that, this step of it alone
    what = ["--install", BUILD] if package else ["-P", ROOT + "/packaging/cmake/update_catalog.cmake"]
    done = subprocess.run(["cmake", *what], env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr
    assert called.exists() != package
    if package:
        found = [f for _, _, files in os.walk(tmp_path / "root") for f in files]
        assert {"adsyncd", "adsyncctl", "adsyncd.catalog", "adsyncd.service"} <= set(found)
        with open(BUILD + "/packaging/cmake_install.cmake", encoding="utf-8") as f:
            text = f.read()  # it comes behind the catalog
        assert 0 < text.index("adsyncd.catalog") < text.index("update_catalog.cmake")
    else:
        assert called.read_text(encoding="ascii") == "--update-catalog\n"
