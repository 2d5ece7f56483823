#!/usr/bin/env bash
# A Slurm of virtual nodes on this machine, for tests: all of it (key, configuration, logs, state, sockets) in one folder,
# all of it on the loopback interface. Needs root, and the packages slurm-wlm and munge.
#
#   local_slurm.sh start FOLDER [NODES [CPUS]]   by default 3 nodes of 2 processors each (which the machine need not have)
#   . FOLDER/environment                         then sbatch, srun, squeue and scontrol talk to it
#   local_slurm.sh stop FOLDER                   cancels all jobs and ends the daemons that `start` began
#
# Partitions: `normal`, whose jobs are requeued when `urgent` needs their processors. A job that ended leaves a line in FOLDER/ended.
# LOCAL_SLURM_PORT is the first of NODES + 1 ports (17200 unless it is set).
set -euo pipefail

fail() {
  printf 'local_slurm.sh: %s\n' "$*" >&2
  exit 1
}

[[ $# -ge 2 ]] || fail "usage: local_slurm.sh start|stop FOLDER [NODES [CPUS]]"
action=$1
mkdir -p "$2"
folder=$(cd "$2" && pwd -P)
nodes=${3-3}
cpus=${4-2}
first_port=${LOCAL_SLURM_PORT-17200}
PATH=$PATH:/usr/sbin:/sbin
export SLURM_CONF=$folder/slurm.conf

# until_true SECONDS COMMAND...
until_true() {
  local end=$((SECONDS + $1))
  until "${@:2}" >/dev/null 2>&1; do
    ((SECONDS < end)) || return 1
    sleep 0.1
  done
}

# Daemons are ended by the number in their file, and only where that is still a process of their name.
end_daemon() {
  local name=$1 file=$2 pid
  pid=$(cat "$file" 2>/dev/null) || return 0
  if [[ $(cat "/proc/$pid/comm" 2>/dev/null) == "$name" ]]; then
    kill "$pid"
    gone() { ! [[ -d /proc/$pid ]]; }
    until_true 10 gone || kill -KILL "$pid"
  fi
  rm -f "$file"
}

write_settings() {
  local host
  host=$(hostname -s)
  cat >"$SLURM_CONF" <<EOF
ClusterName=local
SlurmctldHost=$host(127.0.0.1)
SlurmUser=root
CommunicationParameters=NoCtldInAddrAny,NoInAddrAny
SlurmctldPort=$first_port
AuthType=auth/munge
CredType=cred/munge
AuthInfo=socket=$folder/munge.socket,cred_expire=5
StateSaveLocation=$folder/state
SlurmctldPidFile=$folder/slurmctld.pid
SlurmctldLogFile=$folder/slurmctld.log
SlurmdPidFile=$folder/%n.pid
SlurmdLogFile=$folder/%n.log
SlurmdSpoolDir=$folder/spool.%n
SlurmdParameters=config_overrides
TmpFS=$folder/tmp
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=pmix
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerType=sched/backfill
SchedulerParameters=sched_interval=1,bf_interval=1,batch_sched_delay=0
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
SlurmctldParameters=preempt_send_user_signal
JobRequeue=1
KillWait=5
ReturnToService=2
PropagateResourceLimits=NONE
JobCompType=jobcomp/filetxt
JobCompLoc=$folder/ended
NodeName=n[1-$nodes] NodeHostname=$host NodeAddr=127.0.0.1 Port=[$((first_port + 1))-$((first_port + nodes))] CPUs=$cpus
PartitionName=normal Nodes=ALL Default=YES PriorityTier=1 GraceTime=10
PartitionName=urgent Nodes=ALL PriorityTier=2 PreemptMode=OFF
EOF
  printf '%s\n' "export SLURM_CONF='$SLURM_CONF'" \
    'export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1' \
    'export OMPI_MCA_btl_tcp_if_include=lo OMPI_MCA_oob_tcp_if_include=lo' >"$folder/environment"
}

# A node has its own host name, /dev/shm and folder for temporary files: the nodes of one machine would otherwise meet in the files of MPI.
start_node() {
  local node=$1
  mkdir -p "$folder/spool.$node"
  # shellcheck disable=SC2016  # the inner shell's variables
  unshare --mount --uts sh -ec 'hostname "$1"; mount --bind "$3/hosts" /etc/hosts
    for memory in /dev/shm "$3/tmp"; do mount -t tmpfs none "$memory"; done
    exec slurmd -f "$2" -N "$1"' sh "$node" "$SLURM_CONF" "$folder"
}

start() {
  ((EUID == 0)) || fail "needs root"
  local program
  for program in munged slurmctld slurmd sbatch; do
    command -v "$program" >/dev/null || fail "there is no $program (Debian: slurm-wlm and munge)"
  done
  [[ ! -e $folder/slurmctld.pid ]] || fail "runs in $folder already"
  trap stop ERR
  chmod 755 "$folder"
  mkdir -p "$folder/state" "$folder/tmp"
  (umask 077 && head -c 512 /dev/urandom >"$folder/munge.key")
  munged --force --key-file="$folder/munge.key" --socket="$folder/munge.socket" --pid-file="$folder/munged.pid" \
    --log-file="$folder/munged.log" --seed-file="$folder/munge.seed" 2>"$folder/start.log"
  write_settings
  { cat /etc/hosts && for ((i = 1; i <= nodes; ++i)); do echo "127.0.0.1 n$i"; done; } >"$folder/hosts"
  slurmctld -f "$SLURM_CONF" 2>>"$folder/start.log"
  for ((i = 1; i <= nodes; ++i)); do start_node "n$i" 2>>"$folder/start.log"; done
  all_there() { (($(sinfo -h -N -p normal -t idle -o %N | wc -l) == nodes)); }
  until_true 30 all_there || fail "not all nodes came up; see the logs in $folder"
}

stop() {
  trap - ERR
  if [[ -e $folder/slurmctld.pid ]]; then
    scancel --user=root 2>/dev/null || true
    no_jobs() { [[ -z $(squeue -h) ]]; }
    until_true 20 no_jobs || true
  fi
  local file
  for file in "$folder"/n*.pid; do if [[ -e $file ]]; then end_daemon slurmd "$file"; fi; done
  end_daemon slurmctld "$folder/slurmctld.pid"
  end_daemon munged "$folder/munged.pid"
}

case $action in
  start | stop) "$action" ;;
  *) fail "found '$action'; accepted: start, stop" ;;
esac
