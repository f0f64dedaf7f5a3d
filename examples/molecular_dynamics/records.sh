#!/bin/sh
# Material records from the files of the runs: what docs/atomistic.md shows, for every run.
#
#     sh records.sh DATA RECORDS        DATA: a folder that thin.py made; RECORDS: where the records go
#
# RAMIFY names the command, if it is not `ramify`.
set -eu
data=$1
records=$2
ramify=${RAMIFY:-ramify}
potential="Kim, Jung, Lee 2012, 2NN-MEAM (OpenKIM MO_427397414195)"
mkdir -p "$records"

# The liquid at three temperatures, and the law through them. Against experiment: 1.44e-7 m^2/s exp(-12.03 kJ/mol/RT), as
# remembered of Murday and Cotts, J. Chem. Phys. 48 (1968) 4938.
for run in "470 6.63e-9" "550 1.04e-8" "650 1.55e-8"; do
    set -- $run
    $ramify atomistic diffusivity "$data/liquid-$1K/dump.lammpstrj.gz" "$data/liquid-$1K/log.lammps.gz" \
        --phase liquid --temperature "$1 K" --potential "$potential" --reference "$2 m^2/s" \
        -o "$records/li_liquid_$1K.yaml" --force
done
$ramify atomistic arrhenius "$records"/li_liquid_470K.yaml "$records"/li_liquid_550K.yaml \
    "$records"/li_liquid_650K.yaml -o "$records/li_liquid.yaml" --force

# bcc with four vacancies in 432 sites, taken to equilibrium. 0.46 eV is the potential's own (in.static); its cutoff moves
# it by 0.06 eV, and experiment has 0.48 eV. The entropy is a guess of the usual size.
for run in "vacancies-420K li_420K" "vacancies-390K li_390K" "limg10-420K limg10_420K"; do
    set -- $run
    $ramify atomistic diffusivity "$data/$1/dump.lammpstrj.gz" "$data/$1/log.lammps.gz" \
        --element Li --phase crystal --temperature "${1#*-}" --potential "$potential" \
        --vacancies 4 --formation-energy "0.46 +- 0.05 eV" --formation-entropy "1.5 +- 0.5" \
        -o "$records/$2.yaml" --force
done

# Balls of three sizes in vacuum, surface and core apart.
for run in "259 2.2 nm" "941 3.4 nm" "1243 3.7 nm"; do
    set -- $run
    $ramify atomistic diffusivity "$data/cluster-$1-350K/dump.lammpstrj.gz" "$data/cluster-$1-350K/log.lammps.gz" \
        --phase cluster --diameter "$2 $3" --surface --temperature "350 K" --potential "$potential" \
        -o "$records/li_cluster_$1.yaml" --force
done

# The critical nucleus of the undercooled melt. What an order parameter counts as crystal is uncertain by a half: at the
# moment of release it is 1.6 times the atoms of the ball that was held, 0.6 ps later 0.9 times.
$ramify atomistic nucleus "$data/seeds.csv" --method seeds --potential "$potential" --model-uncertainty 0.5 \
    -o "$records/li_nucleus.yaml" --force
