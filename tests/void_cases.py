"""A small case of `model: voids`, for the tests of its keys and of its runs."""

from ramify.scenario import scenario_from_text

PLANE = """\
model: voids
domain: {size: [12 um, 9 um], cells: [32, 24]}
vacancies: {sink_length: 4 um}
voids:
  - {position: [3 um, 9 um], radius: 1.6 um}
electrolyte: {thickness: 40 um, conductivity: 0.5 mS/cm}
kinetics: {exchange_current_density: 100 A/m^2}
protocol:
  - strip at 0.1 mA/cm^2 for 30 min
  - rest for 10 min
  - plate at 0.1 mA/cm^2 for 20 min
output: {every: 15 min}
"""


def set_by(text, *overrides):
    return scenario_from_text(text, list(overrides), "case.yaml")
