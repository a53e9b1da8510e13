#!/bin/bash
# A study as a job array: eight tasks share one folder, each with a GPU. Submit it again after a failure; it goes on.
#
#     sbatch docs/cluster/slurm.sh study.yml runs/mine
#
#SBATCH --job-name=proclivity
#SBATCH --array=0-7
#SBATCH --cpus-per-task=4
#SBATCH --mem=32G
#SBATCH --gres=gpu:1
#SBATCH --time=04:00:00
#SBATCH --requeue
#SBATCH --signal=B:TERM@120
set -euo pipefail

STUDY=${1:?"study file, for example study.yml"}
OUT=${2:?"a folder that all nodes share, for example runs/mine"}
PROCLIVITY=${PROCLIVITY:-.venv/bin/proclivity}
TASK=${SLURM_ARRAY_TASK_ID:-0}
TASKS=${SLURM_ARRAY_TASK_COUNT:-1}

# Models are fetched once, on a node that has a network; tasks only read them.
export HF_HUB_OFFLINE=${HF_HUB_OFFLINE:-1}

# The shell hands the warning before the time limit on, and waits until the run has ended in order.
"$PROCLIVITY" run "$STUDY" --out "$OUT" --shard "$TASK/$TASKS" --retry 1 &
RUN=$!
trap 'kill -TERM "$RUN" 2>/dev/null' TERM
while kill -0 "$RUN" 2>/dev/null; do wait "$RUN" && CODE=0 || CODE=$?; done
exit "${CODE:-0}"
