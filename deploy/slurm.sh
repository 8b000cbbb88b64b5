#!/usr/bin/env bash
# An array of parts over a shared folder: sbatch --array=0-63 deploy/slurm.sh runs/menu/spec.json
#SBATCH --job-name=autoagent-parts
#SBATCH --cpus-per-task=2
#SBATCH --mem=2G
set -eu
exec npx autoagent play "$1" --part "$SLURM_ARRAY_TASK_ID" --children "${SLURM_CPUS_PER_TASK:-1}" --minimum-level 3
