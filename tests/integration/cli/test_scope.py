"""`rw2fa users add`, `remove` and `list`: who has two-factor authentication, and what that leaves in the state."""

from tests.integration.cli.command import Host


def test_item_1_added_is_enabled_by_name_or_by_group(host: Host, alice: str, bob: str, staff: str) -> None:
    host.does("users", "add", alice, staff)
    by_name, by_group = host.json("users", "show", alice), host.json("users", "show", bob)
    assert (by_name["enabled"], by_name["enabled_by"]) == (True, [alice])
    assert (by_group["enabled"], by_group["enabled_by"]) == (True, [staff])
    assert by_name["enrolment_until"] is not None
    assert by_name["activated"] is False


def test_item_1_all_are_added_or_none(host: Host, alice: str) -> None:
    before = host.stored()
    assert host.refuses("users", "add", alice, "no-such-user", "@no-such-group") == (
        "there is no user no-such-user, there is no group no-such-group, or the directory does not answer; "
        "correct the names; nothing was changed"
    )
    assert host.stored() == before


def test_an_unknown_name_says_where_to_look(host: Host) -> None:
    assert host.refuses("users", "add", "no-such-user") == (
        "there is no user no-such-user; look for the name with: getent passwd no-such-user"
    )


def test_adding_again_keeps_the_window(host: Host, alice: str) -> None:
    host.does("users", "add", alice)
    until = host.json("users", "show", alice)["enrolment_until"]
    assert "was added before" in host.does("users", "add", alice)
    assert host.json("users", "show", alice)["enrolment_until"] == until


def test_adding_needs_the_state(bare: Host, alice: str) -> None:
    """Who was added without a state could not enrol, and would be shut out."""
    before = bare.config.read_bytes()
    assert "rw2fa init" in bare.refuses("users", "add", alice)
    assert bare.config.read_bytes() == before


def test_item_4_removing_destroys_the_secret(host: Host, alice: str) -> None:
    host.does("users", "add", alice)
    secret = host.json("users", "enrol", alice)["secret"]
    host.does("users", "remove", alice, "--yes")
    assert host.json("users", "show", alice)["pending"] is False
    host.does("users", "add", alice)
    assert host.json("users", "enrol", alice)["secret"] != secret


def test_item_4_removing_a_group_destroys_the_secrets_of_its_members(
    host: Host, alice: str, bob: str, staff: str
) -> None:
    host.does("users", "add", alice, staff)
    host.does("users", "enrol", alice)
    host.does("users", "enrol", bob)
    told = host.does("users", "remove", staff, "--yes")
    assert f"Destroyed the records of: {bob}." in told
    assert host.json("users", "show", bob)["pending"] is False
    assert host.json("users", "show", alice)["pending"] is True


def test_who_is_enabled_otherwise_keeps_the_secret(host: Host, bob: str, staff: str) -> None:
    host.does("users", "add", bob, staff)
    secret = host.json("users", "enrol", bob)["secret"]
    told = host.does("users", "remove", staff, "--yes")
    assert f"{bob} is still enabled by {bob}, so the secret is kept." in told
    assert host.json("users", "enrol", bob)["secret"] == secret
    host.does("users", "add", staff)
    assert f"{bob} is still enabled by {staff}" in host.does("users", "remove", bob, "--yes")
    assert host.json("users", "enrol", bob)["secret"] == secret


def test_a_member_of_a_group_cannot_be_removed_by_name(host: Host, bob: str, staff: str) -> None:
    host.does("users", "add", staff)
    assert host.refuses("users", "remove", bob, "--yes") == (
        f"{bob} is enabled by {staff}, not by name; remove the user from that group, or run: rw2fa users remove {staff}"
    )


def test_who_was_not_added_cannot_be_removed(host: Host, alice: str) -> None:
    assert host.refuses("users", "remove", alice, "--yes") == (
        f"{alice} was not added; look for the name with: rw2fa users list"
    )


def test_a_user_and_a_group_that_are_gone_can_be_removed(bare: Host) -> None:
    bare.configure('[scope]\nusers = ["gone"]\ngroups = ["gone", "@also-gone"]')
    bare.does("init")
    bare.does("users", "remove", "gone", "@gone", "@also-gone", "--yes")
    assert bare.json("users", "list") == {
        "entries": [],
        "unresolved_groups": [],
        "users": [],
        "next": None,
    }


def test_removing_a_group_that_is_gone_spares_whom_another_entry_enables(bare: Host, alice: str, bob: str) -> None:
    bare.configure(f'[scope]\nusers = ["{alice}", "{bob}"]\ngroups = ["gone"]')
    bare.does("init")
    bare.does("users", "enrol", alice)
    bare.does("users", "remove", "@gone", "--yes")
    assert bare.json("users", "show", alice)["pending"] is True


def test_removing_asks_and_without_a_terminal_says_how(host: Host, alice: str) -> None:
    host.does("users", "add", alice)
    before = host.stored()
    assert host.refuses("users", "remove", alice).endswith("Standard input is not a terminal; confirm with --yes")
    assert host.stored() == before


def test_a_list_that_a_dropin_sets_is_refused_with_its_name(host: Host, alice: str, staff: str) -> None:
    folder = host.folder / "rw2fa.toml.d"
    folder.mkdir(mode=0o755)
    dropin = folder / "site.toml"
    dropin.write_text(f'scope.users = ["{alice}"]\n')
    dropin.chmod(0o644)
    assert f"scope.users is set by {dropin}" in host.refuses("users", "remove", alice, "--yes")
    assert f"scope.users is set by {dropin}" in host.refuses("users", "add", "bin")
    host.does("users", "add", staff)
    assert host.json("users", "show", "bin")["enabled_by"] == [staff]


def test_the_list_shows_entries_and_people(host: Host, alice: str, bob: str, staff: str) -> None:
    host.does("users", "add", alice, staff)
    host.does("users", "enrol", bob)
    told = host.json("users", "list")
    assert [entry["entry"] for entry in told["entries"]] == [alice, staff]
    assert {user["user"]: user["enabled_by"] for user in told["users"]} == {alice: [alice], bob: [staff]}
    text = host.does("users", "list")
    assert "QR code shown, no code confirmed; can enrol until" in text


def test_somebody_whose_group_was_left_is_still_listed(host: Host, alice: str) -> None:
    """A secret that outlived the enablement must not be hidden."""
    host.does("users", "add", alice)
    host.does("users", "enrol", alice)
    host.config.write_text(host.config.read_text().replace(f'"{alice}"', ""))
    (user,) = host.json("users", "list")["users"]
    assert (user["user"], user["enabled"], user["pending"]) == (alice, False, True)
    assert f"has a secret; destroy it with: rw2fa users remove {alice}" in host.does("users", "list")
    host.does("users", "remove", alice, "--yes")
    assert host.json("users", "list")["users"] == []


def test_names_of_the_file_cannot_write_on_the_terminal(bare: Host) -> None:
    bare.configure('scope.users = ["\\u202Egnp"]')
    assert "contains a character that does not print" in bare.refuses("users", "list")


def test_names_on_the_command_line_cannot_write_on_the_terminal(host: Host) -> None:
    reason = host.refuses("users", "add", "a\x1b[2Jb\nc")
    assert "\x1b" not in reason
    assert "a\\x1b[2Jb\\nc" in reason
