# The control plane: how its parts are configured and started, all in the controller's namespace.
# Source settings.sh and lib.sh first.

ETC=$STATE/etc
BIN=$STATE/bin
MYSQL_SOCKET=$STATE/mysql.sock
DATABASES='keystone placement glance nova_api nova_cell0 nova_cell1'

# render TEMPLATE [NAME=VALUE...]: prints the template with its @NAME@s replaced.
render() {
  local template=$1 pair edits
  shift
  edits=()
  for pair in "STATE=$STATE" "CTL_IP=$CTL_IP" "ADMIN_PASSWORD=$ADMIN_PASSWORD" \
    "SERVICE_PASSWORD=$SERVICE_PASSWORD" "REPORT_INTERVAL=$REPORT_INTERVAL" \
    "SERVICE_DOWN_TIME=$SERVICE_DOWN_TIME" "$@"; do
    edits+=(-e "s|@${pair%%=*}@|${pair#*=}|g")
  done
  sed "${edits[@]}" "$LAB/cloud/etc/$template"
}

write_configs() {
  local name
  mkdir -p "$ETC/keystone" "$ETC/placement" "$BIN" "$STATE"/{keys,images/staging,images/tasks,nova/lock,rabbit,influxdb}
  render keystone.conf >"$ETC/keystone/keystone.conf"
  render placement.conf >"$ETC/placement/placement.conf"
  for name in nova.conf nova-db.conf nova-api-paste.ini glance-api.conf glance-api-paste.ini rabbitmq.conf influxdb.conf; do
    render "$name" >"$ETC/$name"
  done
  echo '[].' >"$ETC/rabbit-plugins"
  render clouds.yaml >"$STATE/clouds.yaml"
  write_commands
}

# The libraries come without their console scripts: those are three lines each.
write_commands() {
  local name module
  while read -r name module; do
    printf '#!%s\nimport sys\nfrom %s import main\nsys.exit(main())\n' "$PYTHON" "$module" >"$BIN/$name"
    chmod 755 "$BIN/$name"
  done <<EOF
nova-manage nova.cmd.manage
nova-api nova.cmd.api_os_compute
nova-conductor nova.cmd.conductor
nova-scheduler nova.cmd.scheduler
nova-compute nova.cmd.compute
glance-manage glance.cmd.manage
glance-api glance.cmd.api
placement-manage placement.cmd.manage
keystone-manage keystone.cmd.manage
EOF
}

# ---- message bus, databases, time series ----

# As root, without Debian's wrapper, with a node name, cookie and port mapper of its own.
start_rabbit() {
  spawn_in "$CTL" rabbit env -i PATH=/usr/bin:/bin:/usr/sbin:/sbin LANG=C.UTF-8 "HOME=$STATE/rabbit" \
    RABBITMQ_NODENAME=guardian-lab@localhost RABBITMQ_CONF_ENV_FILE=/dev/null \
    "RABBITMQ_CONFIG_FILE=$ETC/rabbitmq.conf" "RABBITMQ_ENABLED_PLUGINS_FILE=$ETC/rabbit-plugins" \
    "RABBITMQ_MNESIA_BASE=$STATE/rabbit/mnesia" "RABBITMQ_LOG_BASE=$LOGS" "RABBITMQ_PID_FILE=$STATE/rabbit/pid" \
    RABBITMQ_DIST_PORT=25672 ERL_EPMD_PORT=4369 ERL_EPMD_ADDRESS=127.0.0.1 \
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS='-kernel inet_dist_use_interface {127,0,0,1} +S 1:1 +sbwt none' \
    /usr/lib/rabbitmq/bin/rabbitmq-server
}

# SQLite is no choice: Nova answers 500 ("database is locked") to evacuations side by side.
start_mysql() {
  spawn_in "$CTL" mysql mariadbd --no-defaults --user=root --datadir="$STATE/mysql" --socket="$MYSQL_SOCKET" \
    --bind-address=127.0.0.1 --port=3306 --pid-file="$STATE/mysql.pid" --skip-log-bin --skip-name-resolve \
    --max-connections=400 --character-set-server=utf8mb4 --performance-schema=off --innodb-buffer-pool-size=96M \
    --innodb-flush-log-at-trx-commit=0 --innodb-doublewrite=0 --innodb-log-file-size=16M
  wait_for 60 "mariadb on its socket" mysql_query 'select 1'
}

stop_mysql() {
  mariadb-admin --no-defaults -S "$MYSQL_SOCKET" -uroot shutdown
  wait_for 30 "mariadb to stop" mysql_stopped
}

mysql_stopped() { ! recorded_pid "$PIDS/mysql"; }
mysql_query() { mariadb --no-defaults -S "$MYSQL_SOCKET" -uroot -e "$1"; }

start_influx() { spawn_in "$CTL" influxd influxd -config "$ETC/influxdb.conf"; }

create_influx_database() {
  wait_for 30 "influxd on $INFLUX_URL" http_answers "$INFLUX_URL/ping"
  in_namespace "$CTL" curl -sf -o /dev/null -XPOST "$INFLUX_URL/query" --data-urlencode 'q=CREATE DATABASE guardian'
}

# ---- schemas ----

# The golden copy is good for one set of package versions and one configuration of the databases.
golden_copy() {
  local key
  key=$({
    dpkg-query -W -f '${Package} ${Version}\n' python3-nova python3-keystone python3-placement python3-glance mariadb-server
    cat "$LAB/cloud/services.sh" "$LAB/cloud/etc/nova-db.conf" "$LAB/cloud/etc/keystone.conf"
    echo "$CTL_IP"
  } | sha256sum | cut -c1-12)
  echo "$CACHE/databases-$key.tar"
}

databases_up() {
  local golden
  golden=$(golden_copy)
  if [ -e "$golden" ]; then
    tar -C "$STATE" -xf "$golden"
    start_mysql
    return
  fi
  build_databases
  stop_mysql   # a clean stop, else the copy would be of torn files
  mkdir -p "$CACHE"
  rm -f "$CACHE"/databases-*
  tar -C "$STATE" -cf "$golden.tmp" mysql keys
  mv "$golden.tmp" "$golden"
  start_mysql
}

build_databases() {
  local name identity compute
  mkdir -p "$STATE/mysql"
  mariadb-install-db --no-defaults --user=root --datadir="$STATE/mysql" \
    --auth-root-authentication-method=normal --skip-test-db >"$LOGS/mysql-install.log" 2>&1
  start_mysql
  for name in $DATABASES; do mysql_query "create database $name character set utf8mb3"; done
  # Each migration is one busy process: two at a time fill two cores.
  in_controller build_identity >"$LOGS/schema-identity.log" 2>&1 & identity=$!
  in_controller build_compute >"$LOGS/schema-compute.log" 2>&1 & compute=$!
  wait "$identity" || die "schema of keystone, placement or glance: see $LOGS/schema-identity.log"
  wait "$compute" || die "schema of nova: see $LOGS/schema-compute.log"
}

# Runs a function of this file in the controller's namespace.
in_controller() {
  in_namespace "$CTL" bash -euc "
    . '$LAB/settings.sh'; . '$LAB/lib.sh'; . '$LAB/cloud/services.sh'; $1"
}

build_identity() {
  local keystone="$BIN/keystone-manage --config-file $ETC/keystone/keystone.conf"
  mkdir -p -m 700 "$STATE/keys/fernet" "$STATE/keys/credential"
  $keystone fernet_setup --keystone-user root --keystone-group root
  $keystone credential_setup --keystone-user root --keystone-group root
  $keystone db_sync
  $keystone bootstrap --bootstrap-password "$ADMIN_PASSWORD" --bootstrap-region-id RegionOne \
    --bootstrap-admin-url "$AUTH_URL" --bootstrap-internal-url "$AUTH_URL" --bootstrap-public-url "$AUTH_URL"
  "$BIN/placement-manage" --config-file "$ETC/placement/placement.conf" db sync
  "$BIN/glance-manage" --config-file "$ETC/glance-api.conf" db_sync
}

build_compute() {
  local nova="$BIN/nova-manage --config-file $ETC/nova.conf --config-file $ETC/nova-db.conf"
  $nova api_db sync
  $nova cell_v2 map_cell0 --database_connection 'mysql+pymysql://root@127.0.0.1:3306/nova_cell0?charset=utf8mb4'
  $nova cell_v2 create_cell --name cell1 --verbose
  $nova db sync
}

# ---- OpenStack ----

# Without "Connection: close" clients reuse connections that uwsgi has closed, and a nova service
# that meets such an error at its start exits for good.
start_wsgi() {   # NAME PORT FILE
  spawn_in "$CTL" "$1" uwsgi --plugins python3 --need-app --http-socket "$CTL_IP:$2" --wsgi-file "$3" \
    --processes 1 --threads 4 --enable-threads --add-header 'Connection: close' --die-on-term \
    --socket-timeout 120 --listen 100 --buffer-size 65535 --disable-logging
}

start_keystone() { OS_KEYSTONE_CONFIG_DIR=$ETC/keystone start_wsgi keystone 5000 /usr/bin/keystone-wsgi-public; }

start_identity() {
  spawn_in "$CTL" neutron-stub "$PYTHON" "$LAB/cloud/neutron_stub.py" "$CTL_IP" 9696
  start_keystone
  OS_PLACEMENT_CONFIG_DIR=$ETC/placement start_wsgi placement 8778 /usr/bin/placement-api
}

create_catalog() {
  wait_for 60 "keystone on $AUTH_URL" http_answers "$AUTH_URL"
  in_namespace "$CTL" "$PYTHON" "$LAB/cloud/catalog.py"
}

start_nova() { spawn_in "$CTL" "$1" "$BIN/$1" --config-file "$ETC/nova.conf" --config-file "$ETC/nova-db.conf"; }

start_compute_services() {
  local name
  wait_for 90 "rabbit on $CTL_IP:5672" port_open "$CTL" "$CTL_IP" 5672
  for name in nova-conductor nova-api nova-scheduler; do start_nova "$name"; done
  spawn_in "$CTL" glance-api "$BIN/glance-api" --config-file "$ETC/glance-api.conf"
  wait_for 60 "placement on port 8778" http_answers "http://$CTL_IP:8778/"
}
