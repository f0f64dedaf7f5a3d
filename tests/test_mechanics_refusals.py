"""What `model: mechanics` refuses and warns of, and bodies that are just right."""

from pathlib import Path

import numpy as np
import pytest
from mechanics_scenarios import BAR, BLOCK, STACK, run

from ramify.check import check_scenario
from ramify.scenario import ScenarioError, load_scenario, scenario_from_text


@pytest.mark.parametrize(
    ("text", "setting", "complaint"),
    [
        (BLOCK, "regions={bax: {preset: LLZO}}", r"no region of that name.*did you mean 'box'"),
        (STACK, "regions={lithium: {law: anand}}", r"says nothing of a region.*|ceramic"),
        (BLOCK, "boundaries.tip=fixed", r"no boundary of that name.*did you mean 'top'"),
        (BLOCK, "boundaries.top=fixet", r"fixet.*fixed"),
        (BLOCK, "boundaries.top={plate: {pressure: 1 MPa, displacement: 1 nm}}", "one of pressure and displacement"),
        (BLOCK, "boundaries.top={pressure: 1 MPa, traction: {x: 1 MPa}}", "pressure and traction"),
        (BLOCK, "boundaries.top={displacement: {y: 1 nm}}", "plane mesh lies in x and z"),
        (BLOCK, "boundaries.top={displacement: {}}", "gives no component"),
        (BLOCK, "regions.box.youngs_modulus=-1 GPa", "greater than zero"),
        (BLOCK, "regions.box.poissons_ratio=0.5", "<= 0.495"),
        (BLOCK, "regions.box.poissons_ratio=-1", "> -1"),
        (BLOCK, "regions.box.law=anand", "a duration"),
        (BLOCK, "regions.box.anand_form=sinh", "law: anand"),
        (BLOCK, "regions.box.creep={rate: 1 1/s, stress: 1 MPa, exponent: 5}", "law: creep"),
        (BLOCK, "regions.box.thermal_expansion=1e-5 1/K", "nothing changes the temperature"),
        (BLOCK, "temperature_change=5 K", "no region expands"),
        (BLOCK, "temperature=300 K", "no region's flow depends on it"),
        (BLOCK, "regions.box.eigenstrain={times: [0 s, 1 s], values: [0.0, 0.01]}", "steady state has no time"),
        (BLOCK, "output.every=1 s", "steady state has no time"),
        (BLOCK, "output.fields=[plastic_strain]", "no region flows"),
        (BLOCK, "output.fields=[film_stress]", "no region has a strength"),
        (BLOCK, "output.contact=[topp]", r"no boundary of that name.*did you mean 'top'"),
        (BLOCK, "numerics.flow_tolerance=1e-3", "no region flows"),
        (BLOCK, "mesh={type: box, size: [1 um], cells: [4]}", "two or three dimensions"),
        (STACK, "boundaries.top.plate.pressure.times=[3 s, 0 s]", "do not ascend"),
        (STACK, "boundaries.top.plate.pressure.values=[1 MPa]", "1 values for 2 times"),
        (STACK, "boundaries.top.plate.pressure.times=[30 s, 40 s]", "begins after the end"),
        (STACK, "output.times=[21 s]", "after the end"),
        (STACK, "mesh.asperity.interface=ceramic/lithium", r"no interface of that name.*lithium/ceramic"),
        (STACK, "mesh.asperity.height=1.9 um", "leaves too little of the layer ceramic"),
        (STACK, "mesh.void={interface: lithium/ceramic, depth: 1 um, width: 2 um}", "cannot be combined with a void"),
        (STACK, "mesh.layers=[{name: a, thickness: 1 um, cells: 1}, {name: a, thickness: 1 um, cells: 1}]", "twice"),
        (BLOCK, "mesh={type: ball, radii: [2 um, 1 um], layers: [1, 1], cells: 2}", "do not ascend"),
        (BLOCK, "mesh={type: boxx}", r"boxx.*did you mean 'box'"),
        (BLOCK, "mesh.cels=[1, 1]", r"mesh\.cels.*did you mean 'cells'"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused(text: str, setting: str, complaint: str) -> None:
    with pytest.raises(ScenarioError, match=complaint) as refusal:
        scenario_from_text(text, [setting])
    assert refusal.value.key


@pytest.mark.parametrize(
    ("setting", "complaint"),
    [
        ("boundaries={top: {pressure: 1 MPa}}", "no boundary holds"),
        ("boundaries={top: {plate: {pressure: 1 MPa}}}", "no boundary holds"),
        ("boundaries.left={plate: {pressure: 1 MPa}}", "shares nodes with a boundary that holds them"),
    ],
)
def test_loads_on_what_nothing_holds_are_refused_before_anything_is_written(
    tmp_path: Path, setting: str, complaint: str
) -> None:
    with pytest.raises(ScenarioError, match=complaint):
        run(scenario_from_text(BLOCK, [setting]), tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_free_body_under_balanced_pressure_is_fine(tmp_path: Path) -> None:
    sides = ", ".join(f"{name}: {{pressure: 1 MPa}}" for name in ("left", "right", "bottom", "top"))
    found = run(scenario_from_text(BLOCK, [f"boundaries={{{sides}}}"]), tmp_path / "run")
    assert found["mean_pressure_Pa"] == pytest.approx((1e6 + 1e6 + 2.0 * 0.3 * 1e6) / 3.0, rel=1e-6)


def mesh_file(path: Path, middle: float = 1.0) -> None:
    """Two squares beside each other, `soft` and `hard`, their shared corner above at x = `middle`."""
    import meshio

    points = [[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [2.0, 0.0, 0.0], [0.0, 1.0, 0.0], [middle, 1.0, 0.0], [2.0, 1.0, 0.0]]
    cells = [("quad", [[0, 1, 4, 3]]), ("quad", [[1, 2, 5, 4]]), ("line", [[0, 1], [1, 2]]), ("line", [[3, 4], [4, 5]])]
    tags = [np.array(values) for values in ([1], [2], [1, 1], [2, 2])]
    names = {"soft": [1, 2], "hard": [2, 2], "floor": [1, 1], "roof": [2, 1]}
    data = {"gmsh:physical": tags, "gmsh:geometrical": tags}
    fields = {name: np.array(pair) for name, pair in names.items()}
    meshio.write(path, meshio.Mesh(points, cells, cell_data=data, field_data=fields), "gmsh22", binary=False)


@pytest.mark.parametrize(
    ("middle", "regions", "boundaries", "complaint"),
    [
        (1.0, "soft: {preset: lithium}", "floor: fixed", "1 cells lie in none of the regions soft"),
        (1.0, "soft: {preset: lithium}, hart: {preset: LLZO}", "floor: fixed", r"no region named 'hart'.*'hard'"),
        (1.0, "soft: {preset: lithium}, hard: {preset: LLZO}", "flor: fixed", r"no boundary named 'flor'.*'floor'"),
        (1.0, "soft: {preset: lithium}, hard: {preset: LLZO}", "floor: {displacement: {y: 1 nm}}", "lies in x and z"),
        (-1.5, "soft: {preset: lithium}, hard: {preset: LLZO}", "floor: fixed", "are inverted and"),
        (1.0, "soft: {preset: lithium}, hard: {preset: LLZO}", "floor: fixed, roof: {pressure: 1 MPa}", ""),
    ],
)
def test_what_only_a_mesh_file_tells(
    tmp_path: Path, middle: float, regions: str, boundaries: str, complaint: str
) -> None:
    mesh_file(tmp_path / "two.msh", middle)
    (tmp_path / "solid.yaml").write_text(
        f"model: mechanics\nmesh: {{type: file, file: two.msh, unit: 1 um}}\nregions: {{{regions}}}\n"
        f"boundaries: {{{boundaries}}}\n"
    )
    scenario = load_scenario(tmp_path / "solid.yaml")
    if not complaint:
        assert run(scenario, tmp_path / "run")["reactions"]["floor"][1] == pytest.approx(2.0, rel=1e-6)
        return
    with pytest.raises(ScenarioError, match=complaint) as refusal:
        run(scenario, tmp_path / "run")
    assert refusal.value.key and not (tmp_path / "run").exists()


def test_check_warns_of_locking_large_strains_and_nothing_to_do() -> None:
    def warnings(*settings: str, text: str = BLOCK) -> str:
        return "; ".join(check_scenario(scenario_from_text(text, settings)).warnings)

    assert not warnings() and not warnings(text=STACK)
    assert "lock" in warnings("mesh.element=triangle", "regions.box.poissons_ratio=0.48")
    assert "lock" not in warnings("mesh.element=triangle", "regions.box.poissons_ratio=0.48", "numerics.order=2")
    assert "lock where metal flows" in warnings("mesh.element=tetrahedron", "numerics.order=1", text=BAR)
    assert "alternate from cell to cell" in warnings(text=BAR)
    assert "not small" in warnings("boundaries.top.plate.pressure=2 GPa")
    assert "beyond small strains" in warnings("regions.box.thermal_expansion=1e-3 1/K", "temperature_change=100 K")
    assert "nothing acts" in warnings("boundaries.top=free")
    assert "times stiffer" in warnings("regions.ceramic={youngs_modulus: 1e14 Pa, poissons_ratio: 0.2}", text=STACK)
    checked = check_scenario(scenario_from_text(BLOCK))
    assert checked.cells == (8,) and checked.scale("modulus of box") == 10.0
