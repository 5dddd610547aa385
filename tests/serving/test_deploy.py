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


def pod():
    return read(DEPLOY / "kubernetes" / "deployment.yaml")["spec"]["template"]


def server():
    (container,) = pod()["spec"]["containers"]
    return container


def test_all_kinds_are_there():
    kinds = {read(path)["kind"] for path in KUBERNETES}
    assert kinds == {
        "Deployment",
        "Service",
        "HorizontalPodAutoscaler",
        "PersistentVolumeClaim",
        "PodDisruptionBudget",
        "NetworkPolicy",
    }


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
    assert service["spec"]["selector"].items() <= pod()["metadata"]["labels"].items()
    assert deployment["spec"]["selector"]["matchLabels"].items() <= pod()["metadata"]["labels"].items()
    assert scaler["spec"]["scaleTargetRef"]["name"] == deployment["metadata"]["name"]
    assert "cpu" in server()["resources"]["requests"]  # what the autoscaler's percentage is a percentage of
    assert pod()["spec"]["volumes"][0]["persistentVolumeClaim"]["claimName"] == claim["metadata"]["name"]
    ports = {port["name"]: port["containerPort"] for port in server()["ports"]}
    assert ports == {"grpc": 8500, "rest": 8501}
    assert {port["targetPort"] for port in service["spec"]["ports"]} == set(ports)


def test_the_other_manifests_mean_the_same_pods():
    labels = pod()["metadata"]["labels"]
    (spread,) = pod()["spec"]["topologySpreadConstraints"]
    budget = read(DEPLOY / "kubernetes" / "disruption.yaml")["spec"]
    policy = read(DEPLOY / "kubernetes" / "network.yaml")["spec"]
    for selector in (spread["labelSelector"], budget["selector"], policy["podSelector"]):
        assert selector["matchLabels"].items() <= labels.items()
    names = {port["name"] for port in server()["ports"]}
    assert {port["port"] for rule in policy["ingress"] for port in rule["ports"]} == names
    assert set(policy["policyTypes"]) == {"Ingress", "Egress"} and "egress" not in policy
    assert all(rule["from"] for rule in policy["ingress"])  # an empty list would be everybody


def test_a_pod_is_ready_when_a_shipped_model_answers_and_its_name_stands_in_one_place():
    """The status URL is 200 while the model is LOADING; metadata needs a version that is AVAILABLE."""
    path = server()["readinessProbe"]["httpGet"]["path"]
    name, metadata = path.removeprefix("/v1/models/").split("/")
    assert name in registry.list_models() and metadata == "metadata"
    text = "".join(file.read_text() for file in KUBERNETES)
    assert sum(text.count(model) for model in registry.list_models() if model in name or name in model) == 1
    compose = read(DEPLOY / "docker-compose.yml")["services"]["serving"]
    assert any(f":-{name}}}" in compose["environment"]["PINET_MODEL"] for name in registry.list_models())
    assert "/v1/models/" in compose["healthcheck"]["test"][-1] and '"AVAILABLE"' in compose["healthcheck"]["test"][-1]


def test_a_pod_ends_after_its_requests_and_has_few_threads():
    command = server()["lifecycle"]["preStop"]["exec"]["command"]
    assert command[0] == "sleep" and int(command[1]) < pod()["spec"]["terminationGracePeriodSeconds"]
    options = dict(option.split("=") for option in server()["args"])
    for kind in ("tensorflow_intra_op_parallelism", "tensorflow_inter_op_parallelism", "rest_api_num_threads"):
        assert 1 <= int(options[f"--{kind}"]) <= 8


def test_compose_gives_the_server_few_rights():
    compose = read(DEPLOY / "docker-compose.yml")["services"]["serving"]
    assert compose["init"] is True and compose["read_only"] is True and compose["cap_drop"] == ["ALL"]
    assert not compose["user"].startswith(("0", "root"))
    assert compose["mem_limit"] == "2g" and server()["resources"]["limits"]["memory"] == "2Gi"
    assert all(str(port).startswith("127.0.0.1:") for port in compose["ports"])
    assert compose["entrypoint"] == server()["command"] == [engines.BINARY]


def test_one_tag_and_the_same_options_everywhere():
    compose = read(DEPLOY / "docker-compose.yml")["services"]["serving"]
    assert compose["image"] == server()["image"] == engines.IMAGE
    assert not compose["image"].endswith(("latest", "serving"))
    assert {str(port).rsplit(":", 1)[1] for port in compose["ports"]} == {"8500", "8501"}
    started = engines.command("docker", "/srv", f"/models/{MODELS}", "127.0.0.1", 8501, 8500)
    options = {option for option in started if option.startswith("--model") or "=" in option}
    assert options == set(compose["command"])
    assert options <= set(server()["args"])
    assert {"--enable_batching=true", "--allow_version_labels_for_unavailable_models=true"} <= options
    for file in (MODELS, BATCHING, MONITORING):
        assert any(option.endswith(f"=/models/{file}") for option in compose["command"])
