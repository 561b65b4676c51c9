# A coordinator and one agent for benchmarks: fleet_start FOLDER BIN, with the agent's targets on standard input.
# shellcheck shell=bash

fleet_pids=()
umask 022

fleet_port() {
    local port
    while port=$((RANDOM % 20000 + 20000)); do
        (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || { echo "$port"; return; }
    done
}

# fleet_start FOLDER BIN WORKERS <sections of agent.ini that name targets
fleet_start() {
    local folder=$1 bin=$2 workers=$3 port name
    port=$(fleet_port)
    mkdir -p "$folder"
    for name in coordinator agent operator; do
        "$bin/skein" keygen "$folder/$name.key" >/dev/null 2>&1
    done
    cat >"$folder/coordinator.ini" <<INI
[coordinator]
agents = tcp://127.0.0.1:$port
operators = ipc://$folder/operators
key_file = $folder/coordinator.key
store = $folder/coordinator.db
log_level = warning

[operator bench]
role = admin
key_file = $folder/operator.key.pub

[agent bench-agent]
key_file = $folder/agent.key.pub
INI
    {
        cat <<INI
[agent]
coordinator = tcp://127.0.0.1:$port
server_key_file = $folder/coordinator.key.pub
key_file = $folder/agent.key
workers = $workers
per_server = $workers
log_level = warning

INI
        cat
    } >"$folder/agent.ini"
    export SKEIN_COORDINATOR=ipc://$folder/operators SKEIN_KEY=$folder/operator.key
    export SKEIN_SERVER_KEY=$folder/coordinator.key.pub
    "$bin/skein-coordinator" --config "$folder/coordinator.ini" >"$folder/coordinator.log" 2>&1 </dev/null &
    fleet_pids+=($!)
    "$bin/skein-agent" --config "$folder/agent.ini" >"$folder/agent.log" 2>&1 </dev/null &
    fleet_pids+=($!)
}

# fleet_wait BIN COUNT: until so many targets were reported
fleet_wait() {
    local tries=600
    until [ "$("$1/skein" status --summary --format json 2>/dev/null | tr -d ' \n' |
        sed 's/.*"summary":{"targets":\([0-9]*\).*/\1/')" = "$2" ]; do
        tries=$((tries - 1))
        [ "$tries" -gt 0 ] || { echo "waited in vain for $2 targets" >&2; return 1; }
        sleep 0.1
    done
}

fleet_stop() {
    [ ${#fleet_pids[@]} -gt 0 ] || return 0
    kill "${fleet_pids[@]}" 2>/dev/null || true
    wait "${fleet_pids[@]}" 2>/dev/null || true
    fleet_pids=()
}
