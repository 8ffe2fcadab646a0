import pytest
from numpy.testing import assert_array_equal

from reservoirs import datasets


def test_sunspots_say_what_to_install_when_absent(monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "statsmodels.datasets", None)

    with pytest.raises(ImportError, match=r"reservoirs\[real-data\]"):
        datasets.sunspots()


def test_real_series_name_the_package_they_come_with(monkeypatch):
    monkeypatch.setattr("reservoirs.datasets.real.find_spec", lambda name: None)

    with pytest.raises(ImportError, match="reservoirpy: pip install"):
        datasets.santa_fe()
    with pytest.raises(ImportError, match="sktime: pip install"):
        datasets.japanese_vowels()


def test_japanese_vowels_are_read_from_their_files(tmp_path, monkeypatch):
    folder = tmp_path / "datasets" / "data" / "JapaneseVowels"
    folder.mkdir(parents=True)
    text = "# about\n@classLabel true 1 2\n@data\n1,2,3:4,5,6:2\n7,8:9,10:1\n"
    for part in ("TRAIN", "TEST"):
        (folder / f"JapaneseVowels_{part}.ts").write_text(text)
    monkeypatch.setattr("reservoirs.datasets.real._package_folder", lambda *names: tmp_path)

    found = datasets.japanese_vowels()

    assert_array_equal(found.train[0], [[1, 4], [2, 5], [3, 6]])
    assert_array_equal(found.test_labels, [1, 0])


def test_labelled_series_keep_the_cut_and_the_labels_of_the_archives():
    pytest.importorskip("sktime")
    sizes = {}
    for name in ("ArrowHead", "ItalyPowerDemand", "OSULeaf"):
        data = datasets.labelled_series(name)
        sizes[name] = len(data.train), len(data.test), len(set(data.train_labels))

        assert set(data.test_labels) <= set(data.train_labels) == set(range(sizes[name][2]))
    assert sizes == {
        "ArrowHead": (36, 175, 3),
        "ItalyPowerDemand": (67, 1029, 2),
        "OSULeaf": (200, 242, 6),
    }
    with pytest.raises(ValueError, match="name must be one of.*PLAID.*got 'Iris'"):
        datasets.labelled_series("Iris")
