"""The files in deploy/: valid by Kubernetes' own schemas, and consistent with what `pinet export` writes."""

from pathlib import Path

import pytest
import yaml

from zoo import registry
from zoo.serving import engines
from zoo.serving.configs import BATCHING, MODELS, MONITORING

DEPLOY = Path(__file__).parents[2] / "deploy"
KUBERNETES = sorted((DEPLOY / "kubernetes").glob("*.yaml"))


def read(path):
    return yaml.safe_load(path.read_text())


def server():
    (container,) = read(DEPLOY / "kubernetes" / "deployment.yaml")["spec"]["template"]["spec"]["containers"]
    return container


def test_all_kinds_are_there():
    kinds = {read(path)["kind"] for path in KUBERNETES}
    assert kinds == {"Deployment", "Service", "HorizontalPodAutoscaler", "PersistentVolumeClaim"}


@pytest.mark.parametrize("path", KUBERNETES, ids=lambda path: path.stem)
def test_kubernetes_schemas(path):
    validate = pytest.importorskip("kubernetes_validate")
    document = read(path)
    validate.validate(document, "1.31", strict=True)
    document["spec"]["replica"] = 3
    with pytest.raises(validate.ValidationError):  # strict: a misspelt field is found
        validate.validate(document, "1.31", strict=True)


def test_names_labels_and_ports_fit_together():
    deployment = read(DEPLOY / "kubernetes" / "deployment.yaml")
    service = read(DEPLOY / "kubernetes" / "service.yaml")
    scaler = read(DEPLOY / "kubernetes" / "autoscaler.yaml")
    claim = read(DEPLOY / "kubernetes" / "models.yaml")
    pod = deployment["spec"]["template"]
    assert service["spec"]["selector"].items() <= pod["metadata"]["labels"].items()
    assert deployment["spec"]["selector"]["matchLabels"].items() <= pod["metadata"]["labels"].items()
    assert scaler["spec"]["scaleTargetRef"]["name"] == deployment["metadata"]["name"]
    assert "cpu" in server()["resources"]["requests"]  # what the autoscaler's percentage is a percentage of
    assert pod["spec"]["volumes"][0]["persistentVolumeClaim"]["claimName"] == claim["metadata"]["name"]
    ports = {port["name"]: port["containerPort"] for port in server()["ports"]}
    assert ports == {"grpc": 8500, "rest": 8501}
    assert {port["targetPort"] for port in service["spec"]["ports"]} == set(ports)


def test_readiness_asks_for_the_status_of_a_shipped_model():
    path = server()["readinessProbe"]["httpGet"]["path"]
    assert path.removeprefix("/v1/models/") in registry.list_models()
    compose = read(DEPLOY / "docker-compose.yml")["services"]["serving"]
    assert any(f":-{name}}}" in compose["environment"]["PINET_MODEL"] for name in registry.list_models())
    assert "/v1/models/" in compose["healthcheck"]["test"][-1]


def test_one_tag_and_the_same_options_everywhere():
    compose = read(DEPLOY / "docker-compose.yml")["services"]["serving"]
    assert compose["image"] == server()["image"] == engines.IMAGE
    assert not compose["image"].endswith(("latest", "serving"))
    assert {str(port).rsplit(":", 1)[1] for port in compose["ports"]} == {"8500", "8501"}
    started = engines.command("docker", "/srv", f"/models/{MODELS}", "127.0.0.1", 8501, 8500)
    options = {option for option in started if option.startswith("--model") or "=" in option}
    for arguments in (compose["command"], server()["args"]):
        assert options <= set(arguments)
    for file in (MODELS, BATCHING, MONITORING):
        assert any(option.endswith(f"=/models/{file}") for option in compose["command"])
