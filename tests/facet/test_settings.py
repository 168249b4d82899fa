from pathlib import Path

import pytest

from facet.settings import Settings
from model.errors import InvalidRequest
from service.config import ServiceConfig


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(f"FACET_{name.upper()}", raising=False)


def test_without_variables_everything_has_its_default() -> None:
    settings = Settings.load()
    assert (settings.host, settings.port, settings.model) == ("127.0.0.1", 8000, "")
    assert settings.service == ServiceConfig()
    assert settings.gallery_url == f"sqlite:///{Path.cwd() / 'data' / 'facet.db'}"


def test_variables_are_read_and_options_go_before_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FACET_PORT", "9000")
    monkeypatch.setenv("FACET_MAX_K", "7")
    monkeypatch.setenv("FACET_KEEP_CROPS", "true")
    monkeypatch.setenv("FACET_DETECTOR_MODEL", "")
    settings = Settings.load(port=9001, host=None)
    assert (settings.port, settings.host, settings.detector_model) == (9001, "127.0.0.1", None)
    assert settings.service == ServiceConfig(max_k=7, keep_crops=True)


def test_every_limit_of_the_service_is_a_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    for number, name in enumerate(ServiceConfig().limits, start=1000):
        monkeypatch.setenv(f"FACET_{name.upper()}", str(number))
    limits = Settings.load().service.limits
    assert list(limits.values()) == list(range(1000, 1000 + len(limits)))


def test_every_setting_is_described() -> None:
    assert all(field.description for field in Settings.model_fields.values())


def test_a_database_of_its_own_is_taken_as_it_is() -> None:
    assert Settings.load(database_url="postgresql://db/facet").gallery_url == "postgresql://db/facet"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "many"),
        ("PORT", "70000"),
        ("MAX_K", "0"),
        ("MODEL", "/nowhere/at/all.safetensors"),
        ("DETECTOR_MODEL", "/nowhere/at/all.onnx"),
        ("INFERENCE", "elsewhere"),
    ],
)
def test_a_wrong_setting_is_named(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(f"FACET_{name}", value)
    with pytest.raises(InvalidRequest, match=f"FACET_{name}: ") as caught:
        Settings.load()
    assert "\n" not in caught.value.message


def test_a_detector_without_a_file_is_given_none(tmp_path: Path) -> None:
    (file := tmp_path / "other.onnx").touch()
    with pytest.raises(InvalidRequest, match=r"FACET_DETECTOR_MODEL: .*FACET_DETECTOR=haar have no file"):
        Settings.load(detector="haar", detector_model=file)
    assert Settings.load(detector="yunet", detector_model=file).detector_model == file
    assert Settings.load(detector="haar").detector == "haar"


def test_faces_at_any_angle_need_a_detector_with_landmarks() -> None:
    with pytest.raises(InvalidRequest, match=r"FACET_ANY_ANGLE: .*FACET_DETECTOR=haar see no landmarks"):
        Settings.load(detector="haar", any_angle=True)
    assert Settings.load(detector="yunet", any_angle=True).any_angle
    assert not Settings.load().any_angle


def test_a_secret_may_lie_in_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "facet_database_url").write_text("postgresql+psycopg://facet:secret@postgres/facet\n")
    monkeypatch.setenv("FACET_SECRETS_DIR", str(tmp_path))
    assert Settings.load().gallery_url == "postgresql+psycopg://facet:secret@postgres/facet"
    monkeypatch.setenv("FACET_DATABASE_URL", "sqlite:///other.db")
    assert Settings.load().gallery_url == "sqlite:///other.db"


@pytest.mark.parametrize("device", ["cpu", "gpu", "gpu:3"])
def test_where_the_indexes_live(device: str) -> None:
    assert Settings.load(faiss_device=device).faiss_device == device


@pytest.mark.parametrize("device", ["cuda", "gpu:", "gpu:-1", "gpu:1x"])
def test_where_no_index_can_live(device: str) -> None:
    with pytest.raises(InvalidRequest, match="FACET_FAISS_DEVICE"):
        Settings.load(faiss_device=device)
