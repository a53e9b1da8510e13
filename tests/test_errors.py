from proclivity.errors import ContentError, Interrupted, StorageError, UserError, unknown_name


def test_exit_codes_tell_whose_move_it_is():
    assert (UserError.exit_code, ContentError([]).exit_code) == (2, 2)
    assert (StorageError.exit_code, Interrupted.exit_code) == (1, 130)


def test_nearest_name_is_offered_only_when_near():
    assert "Did you mean 'paranoia'" in str(unknown_name("arm", "paranoja", ["paranoia", "base"]))
    assert "Did you mean" not in str(unknown_name("arm", "zzz", ["paranoia", "base"]))


def test_all_faults_stand_in_the_message():
    assert str(ContentError(["a.yml:x: wrong", "b.yml:y: missing"])).count("\n") == 2
