"""A study of lines that several tests run."""

BASE = """\
title: a line
domain: {size: [12 um], cells: [24]}
electrolyte: {diffusivity: 1e-10 m^2/s, transference: 0.38, concentration: 1 mol/L}
kinetics: {exchange_current_density: 30 A/m^2}
film: {thickness: 3 um}
protocol: [plate at 1 mA/cm^2 for 20 s]
"""
STUDY = """\
title: Lines <of> a study
base: line.yaml
factors:
  rate: {values: [1 mA/cm^2, 4 mA/cm^2, 900 mA/cm^2], label: Current density}
derived: {protocol.0: "plate at {rate} for 20 s"}
objectives:
  tip_height_m: {goal: maximise}
  gain: {quantity: capacity}
  loss: {quantity: voltage, reduce: minimum, goal: maximise, label: Lowest voltage}
constraints:
  safe: {quantity: voltage, reduce: minimum, above: -20 mV}
fits:
  - {quantity: gain, against: rate, expect: 1}
"""


def write(folder, text=STUDY):
    (folder / "line.yaml").write_text(BASE)
    (folder / "study.yaml").write_text(text)
    return folder / "study.yaml"
