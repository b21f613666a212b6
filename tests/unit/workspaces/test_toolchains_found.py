"""Interpreters outside /usr are found by reading the disk, through links, shims and virtual environments."""

from pathlib import Path

from pointsman.workspaces.toolchains import discover


def _program(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"\x7fELF")
    path.chmod(0o755)
    return path


def _python(root: Path, version: str = "3.12") -> Path:
    _program(root / "bin" / f"python{version}")
    (root / "bin" / "python3").symlink_to(f"python{version}")
    (root / "bin" / "python").symlink_to("python3")
    library = root / "lib" / f"python{version}"
    library.mkdir(parents=True)
    (library / "os.py").touch()
    return root


def _venv(root: Path, base: Path) -> Path:
    (root / "bin").mkdir(parents=True)
    (root / "bin" / "python3").symlink_to(base / "bin" / "python3")
    (root / "bin" / "python").symlink_to("python3")
    (root / "pyvenv.cfg").write_text(f"home = {base}/bin\nversion = 3.12.1\n")
    return root


def test_a_virtual_environment_brings_its_base_along_and_comes_first(tmp_path: Path) -> None:
    base = _python(tmp_path / "versions" / "3.12.1")
    venv = _venv(tmp_path / "project" / ".venv", base)
    found = discover(f"{venv}/bin")
    assert [(one.root, one.bin) for one in found] == [(str(venv), f"{venv}/bin"), (str(base), f"{base}/bin")]
    assert {one.version for one in found} == {"3.12.1"}


def test_the_operator_may_name_a_folder_or_an_interpreter(tmp_path: Path) -> None:
    base = _python(tmp_path / "python-3.12.1")
    for named in (base, base / "bin", base / "bin" / "python3.12"):
        assert [one.root for one in discover("", (str(named),))] == [str(base)]


def test_what_the_operator_names_comes_before_what_is_on_the_path(tmp_path: Path) -> None:
    one, other = _python(tmp_path / "a" / "3.12.1"), _python(tmp_path / "b" / "3.12.2")
    assert [found.root for found in discover(f"{one}/bin", (str(other),))] == [str(other), str(one)]


def test_a_pyenv_shim_leads_to_the_version_that_pyenv_would_start(tmp_path: Path) -> None:
    root = tmp_path / ".pyenv"
    _python(root / "versions" / "3.12.1")
    wanted = _python(root / "versions" / "3.11.7", "3.11")
    (root / "version").write_text("3.11.7\n3.12.1\n")
    shim = _program(root / "shims" / "python3")
    shim.write_text("#!/usr/bin/env bash\nexec pyenv\n")
    assert [(one.root, one.version) for one in discover(str(shim.parent))] == [(str(wanted), "3.11.7")]


def test_a_link_to_a_whole_installation_exists_inside_under_both_names(tmp_path: Path) -> None:
    real = _python(tmp_path / "versions" / "3.12.1")
    alias = tmp_path / "versions" / "3.12"
    alias.symlink_to("3.12.1")
    venv = _venv(tmp_path / "venv", alias)
    assert {one.root for one in discover(f"{venv}/bin")} == {str(venv), str(real), str(alias)}


def test_node_of_nvm_go_and_java_are_found_with_their_versions(tmp_path: Path) -> None:
    node, go, java = tmp_path / "versions" / "v20.11.1", tmp_path / "go", tmp_path / "jdk"
    for program in (node / "bin" / "node", go / "bin" / "go", java / "bin" / "java"):
        _program(program)
    (node / "lib" / "node_modules").mkdir(parents=True)
    (go / "VERSION").write_text("go1.22.1\ntime 2024\n")
    (java / "lib").mkdir()
    (java / "lib" / "modules").touch()
    (java / "release").write_text('IMPLEMENTOR="x"\nJAVA_VERSION="17.0.2"\n')
    found = discover(f"{node}/bin:{go}/bin:{java}/bin")
    assert [(one.name, one.root, one.version) for one in found] == [
        ("node", str(node), "20.11.1"),
        ("go", str(go), "1.22.1"),
        ("java", str(java), "17.0.2"),
    ]


def test_cargo_of_rustup_leads_to_the_default_toolchain(tmp_path: Path) -> None:
    _program(tmp_path / ".cargo" / "bin" / "rustup")
    for name in ("cargo", "rustc"):
        (tmp_path / ".cargo" / "bin" / name).symlink_to("rustup")
    toolchain = tmp_path / ".rustup" / "toolchains" / "stable-x"
    _program(toolchain / "bin" / "cargo")
    (toolchain / "lib" / "rustlib").mkdir(parents=True)
    (tmp_path / ".rustup" / "settings.toml").write_text('default_toolchain = "stable-x"\n')
    assert [one.root for one in discover(f"{tmp_path}/.cargo/bin")] == [str(toolchain)]


def test_a_home_with_an_interpreter_in_its_bin_folder_is_never_taken_for_an_installation(tmp_path: Path) -> None:
    _program(tmp_path / "home" / "bin" / "python3")
    base = _python(tmp_path / "opt" / "python")
    (tmp_path / "home" / "bin" / "python").symlink_to(base / "bin" / "python3")
    assert [one.root for one in discover(f"{tmp_path}/home/bin")] == [str(base)]


def test_the_systems_own_interpreters_need_no_toolchain() -> None:
    assert discover("/usr/bin:/bin:relative:") == ()


def test_what_is_missing_or_not_executable_is_not_listed(tmp_path: Path) -> None:
    base = _python(tmp_path / "python")
    (base / "bin" / "python3.12").chmod(0o644)
    assert discover(f"{base}/bin:{tmp_path}/nowhere", (str(tmp_path / "gone"),)) == ()
