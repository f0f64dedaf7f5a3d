"""PlatingScenario files: the design's illustration, resolved and written back; every refusal with its place."""

import pytest
from jsonschema import Draft202012Validator
from ruamel.yaml import YAML

from ramify.scenario import ScenarioError, load_scenario, scenario_from_text, to_yaml
from ramify.scenario.json_schema import all_schemas, scenario_schema
from ramify.scenario.schema import PlatingScenario
from ramify.scenario.shipped import shipped_scenarios

ILLUSTRATION = """\
# yaml-language-server: $schema=ramify.schema.json
title: Galvanostatic plating into a copper pillar host
model: plating                       # plating | grand_potential | voids | ...
engine: petsc                        # petsc | fipy
domain: {size: [20 um, 20 um, 60 um], cells: [64, 64, 192]}      # z runs from current collector to counter electrode
electrolyte: {preset: LiPF6 in EC:DMC, concentration: 1 mol/L, temperature: 25 degC}
metal: {preset: lithium}
kinetics: {exchange_current_density: 30 A/m^2, transfer_coefficient: 0.5}
host: {type: pillars, diameter: 4 um, pitch: 10 um, height: 40 um, conductivity: 5.8e7 S/m}
nucleation: {density: 1e12 1/m^2, seed: 7}
protocol:
  - plate at 2 mA/cm^2 until 0.5 mAh/cm^2
  - rest for 10 min
  - strip at 1 mA/cm^2 until 1 V
mechanics: off
output: {every: 30 s, fields: [xi, c, phi_l]}
"""


def refusal_of(text: str, *overrides: str) -> str:
    with pytest.raises(ScenarioError) as refusal:
        scenario_from_text(text, overrides, "case.yaml")
    return str(refusal.value)


def test_illustration_is_read_into_si_numbers():
    scenario = scenario_from_text(ILLUSTRATION)
    assert scenario.domain.size == (2e-5, 2e-5, 6e-5)
    assert scenario.electrolyte.temperature == 298.15
    assert scenario.host.type == "pillars"
    assert [step.kind for step in scenario.protocol] == ["plate", "rest", "strip"]


def test_defaults_follow_from_other_keys():
    scenario = scenario_from_text(ILLUSTRATION)
    assert scenario.version == 1
    assert scenario.interface.width == 20e-6 / 64
    assert scenario.kinetics.reference_concentration == 1000.0
    assert scenario.kinetics.anodic_transfer_coefficient == 0.5
    assert scenario.film.thickness == 0.0
    assert scenario.nucleation is not None
    assert scenario.nucleation.radius == 3 * 20e-6 / 64
    without_nuclei = scenario_from_text(ILLUSTRATION, ["nucleation="])
    assert without_nuclei.film.thickness == 3 * 20e-6 / 64


@pytest.mark.parametrize("name", ["illustration", *shipped_scenarios()])
def test_resolved_file_gives_the_same_scenario(name):
    scenario = scenario_from_text(ILLUSTRATION) if name == "illustration" else load_scenario(name)
    written = to_yaml(scenario)
    again = scenario_from_text(written)
    assert again == scenario
    assert to_yaml(again) == written


def replaced(old: str, new: str) -> str:
    assert old in ILLUSTRATION
    return ILLUSTRATION.replace(old, new)


REFUSALS = [
    ("title", "titel", "case.yaml:2: titel", "did you mean 'title'"),
    ("kinetics: {exchange", "kinetics: {exhange", "case.yaml:8: kinetics.exhange", "did you mean 'exchange_current"),
    ("60 um]", "60 s]", "case.yaml:5: domain.size[2]: 60 s", "a length with its unit"),
    ("60 um]", "-60 um]", "case.yaml:5: domain.size[2]: -60 um", "greater than zero"),
    ("60 um]", ".nan]", "case.yaml:5: domain.size[2]: nan", "a length with its unit"),
    ("60 um]", "60]", "case.yaml:5: domain.size[2]: 60", "a number without a unit"),
    ("192", "192.5", "case.yaml:5: domain.cells[2]: 192.5", "a whole number"),
    ("192", "-192", "case.yaml:5: domain.cells[2]: -192", ">= 1"),
    ("64, 64, 192", "64, 192", "case.yaml:5: domain.cells", "one count for each length"),
    ("model: plating", "model: void", "case.yaml:3: model: void", "did you mean 'voids'"),
    ("engine: petsc", "engine: pets", "case.yaml:4: engine: pets", "did you mean 'petsc'"),
    ("LiPF6 in EC:DMC", "LiPF6 in EC:DMD", "case.yaml:6: electrolyte.preset", "did you mean 'LiPF6 in EC:DMC'"),
    ("25 degC", "25 K", "case.yaml:6: electrolyte.temperature", "too far outside"),
    ("preset: lithium", "preset: copper", "case.yaml:7: metal.preset: copper", "more than one electron"),
    ("coefficient: 0.5", "coefficient: -0.5", "case.yaml:8: kinetics.transfer_coefficient: -0.5", "> 0"),
    ("coefficient: 0.5", "coefficient: .nan", "case.yaml:8: kinetics.transfer_coefficient: nan", "a finite number"),
    ("pillars", "pilars", "case.yaml:9: host.type: pilars", "did you mean 'pillars'"),
    ("height: 40 um", "height: 70 um", "case.yaml:9: host.height", "reaches the counter electrode"),
    ("diameter: 4 um", "diameter: 0.5 um", "case.yaml:9: host.diameter", "does not resolve the host"),
    ("diameter: 4 um", "diameter: 12 um", "case.yaml:9: host.diameter", "less than the pitch"),
    ("seed: 7", "seed: seven", "case.yaml:10: nucleation.seed: seven", "a whole number"),
    ("until 0.5", "untl 0.5", "case.yaml:12: protocol[0]", "word 5, 'untl'"),
    ("rest for 10 min", "rest", "case.yaml:13: protocol[1]: rest", "never ends"),
    ("mechanics: off", "mechanics: on", "case.yaml:15: mechanics: on", "allowed: off"),
    ("mechanics: off", "version: 2", "case.yaml:15: version: 2", "newer version"),
    ("mechanics: off", "title: again", "case.yaml:15: title", "given twice (first in line 2)"),
    ("mechanics: off", "mechanics: [off", "case.yaml:16", "not valid YAML"),
    ("[xi, c, phi_l]", "[xi, cc]", "case.yaml:16: output.fields[1]: cc", "did you mean 'c'"),
    ("[xi, c, phi_l]", "[xi, xi]", "case.yaml:16: output.fields[1]: xi", "given twice"),
]


@pytest.mark.parametrize(("old", "new", "place", "told"), REFUSALS)
def test_refusals_name_place_value_and_remedy(old, new, place, told):
    message = refusal_of(replaced(old, new))
    assert message.startswith(place)
    assert told in message


PLAIN = """\
domain: {size: [20 um, 40 um], cells: [40, 80]}
electrolyte: {diffusivity: 1e-10 m^2/s, transference: 0.4, concentration: 1 mol/L}
kinetics: {exchange_current_density: 30 A/m^2}
protocol: [plate at 1 mA/cm^2 for 1 h]
"""

MISFITS = [
    (["film.thickness=50 um"], "film.thickness", "thicker than the domain"),
    (["interface.width=0.3 um"], "interface.width", "does not resolve the interface"),
    (["interface.width=20 um"], "interface.width", "fills the domain"),
    (["electrons={transport: ohmic, islands: inactive}"], "electrons.islands", "finds its own potential"),
    (["engine=fipy", "electrons={transport: ohmic}"], "electrons.transport", "equipotential electrons only"),
    (["counter_electrode={kind: reservoir, kinetics: uniform}"], "counter_electrode.kinetics", "no kinetics"),
    (["host={type: flat, height: 5 um, surface: insulating}"], "host.surface", "nothing can plate"),
    (["film.thickness=0 um"], "film.thickness", "nothing can plate"),
    (["nuclei=[{position: [5 um, 9 um], radius: 2 um}]"], "nuclei", "nothing can plate"),
    (["nuclei=[{position: [50 um, 0 um], radius: 2 um}]"], "nuclei[0].position[0]", "outside the domain"),
    (["nuclei=[{position: [5 um, 0 um], radius: 0.1 um}]"], "nuclei[0].radius", "smaller than the interface width"),
    (["nuclei=[{position: [5 um], radius: 2 um}]"], "nuclei[0].position", "one coordinate for each length"),
    (["domain={size: [40 um], cells: [80]}", "nucleation={density: 1e12 1/m^2}"], "nucleation", "lateral axis"),
    (["domain={size: [40 um], cells: [80], lateral: periodic}"], "domain.lateral", "no lateral axis"),
    (["host={type: pillars, diameter: 2 um, pitch: 3.5 um, height: 9 um}"], "film.thickness", "closes the pores"),
    (["host={type: flat, height: 39.5 um}"], "film.thickness", "reaches the counter electrode"),
    (["film.roughness={amplitude: 0.1 um}"], "film.roughness", "'modes' or 'wavelength'"),
    (["film.roughness={amplitude: 0.1 um, wavelength: 7 um}"], "film.roughness.wavelength", "half wavelengths"),
    (["film.roughness={amplitude: 9 um, wavelength: 10 um}"], "film.roughness.amplitude", "reaches an electrode"),
    (["film.roughness={amplitude: 0.1 um, modes: 20}"], "film.roughness.modes", "does not resolve the front"),
    (["interface={motion: frozen, mobility: 1e-14 m^2/s}"], "interface.mobility", "no mobility"),
    (["protocol.0=strip at 1 A/m^2 until depletion"], "protocol[0]", "does not deplete"),
    (["interface.motion=frozen", "protocol.0=plate at 1 A/m^2 until short circuit"], "protocol", "no short circuit"),
    (["electrolyte.preset=LiPF6 in EC:DMC"], "electrolyte.diffusivity", "cannot be combined with 'preset'"),
    (["electrolyte.transference="], "electrolyte.transference", "required beside 'diffusivity'"),
    (["electrolyte.thermodynamic_factor=2"], "electrolyte.thermodynamic_factor", "'conductivity' beside it"),
    (["numerics={first_step: 1 s, largest_step: 0.1 s}"], "numerics.largest_step", "less than first_step"),
    (["host={type: pillars, height: 9 um, surface: insulating, diameter: 4 um, pitch: 10 um, conductivity: 1 S/m}"],
     "host.conductivity", "has no conductivity"),
]  # fmt: skip


@pytest.mark.parametrize(("overrides", "key", "told"), MISFITS)
def test_options_that_cannot_apply_are_refused(overrides, key, told):
    assert isinstance(scenario_from_text(PLAIN), PlatingScenario)
    message = refusal_of(PLAIN, *overrides)
    assert f": {key}: " in message
    assert told in message


def test_overrides_reach_items_and_make_sections():
    changed = ["protocol.0=plate at 3 mA/cm^2 for 2 h", "domain.cells[1]=100", "numerics.order=1", "title=a new one"]
    scenario = scenario_from_text(PLAIN, changed)
    assert next(iter(scenario.protocol)).current_density == 30.0
    assert scenario.domain.cells == (40, 100)
    assert scenario.numerics.order == 1
    assert scenario.title == "a new one"


@pytest.mark.parametrize(
    ("override", "told"),
    [
        ("domain", "allowed: --set key=VALUE"),
        ("domain.size.7=1 um", "no such item"),
        ("protocol.0.x=1", "not a section"),
        ("interfac.width=1 um", "did you mean 'interface'"),
        ("domain.size=[1 um", "not valid YAML"),
        ("a b=3", "allowed: --set key=VALUE"),
    ],
)
def test_refused_overrides_name_themselves(override, told):
    message = refusal_of(PLAIN, override)
    assert message.startswith(f"--set {override}")
    assert told in message


def test_missing_file_names_the_nearest(tmp_path):
    (tmp_path / "pillars.yaml").write_text(PLAIN)
    with pytest.raises(ScenarioError, match=r"no such scenario file; did you mean 'pillars\.yaml'"):
        load_scenario(tmp_path / "pilars.yaml")
    with pytest.raises(ScenarioError, match="did you mean 'copper_pillars'"):
        load_scenario("coper_pillars")


@pytest.mark.parametrize(
    ("changes", "sound"),
    [
        ("{}", True),
        ("metal: {surface_energy: li_surface_energy}", True),  # what editors see behind !record
        ("metal: {surface_energy: {record: gamma.yaml, temperature: 300 K}}", True),
        ("metal: {surface_energy: {material: gamma}}", True),
        ("materials: {gamma: gamma.yaml, D: {record: li.yaml, temperature: 298 K}}", True),
        ("metal: {surface_energy: {rekord: gamma.yaml}}", False),
        ("metal: {surface_energy: 3}", False),
        ("metal: {surface_energy: -3 J/m^2}", False),
        ("metal: {surface_energi: 3 J/m^2}", False),
    ],
)
def test_json_schema_takes_quantities_and_material_records(changes, sound):
    data = YAML(typ="safe", pure=True).load(ILLUSTRATION) | YAML(typ="safe", pure=True).load(changes)
    assert Draft202012Validator(all_schemas()).is_valid(data) is sound


def test_json_schema_knows_every_key():
    schema = scenario_schema()
    assert set(schema["properties"]) == set(PlatingScenario.model_fields)
    assert schema["additionalProperties"] is False
    assert set(schema["required"]) == {"domain", "electrolyte", "kinetics", "protocol"}
    assert schema["$defs"]["DomainSection"]["properties"]["size"]["items"]["examples"] == ["20 um", "1e-6 m"]
