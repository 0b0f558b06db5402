#!/bin/sh
# usage: setup configure [PREVIOUS_VERSION] | mosquitto | remove | purge
#
# What has to be done on a device besides laying down the files of tebus; the same for the Debian package and for a tarball.
#   configure  user, directories, sudo, mosquitto, service; may be repeated. Without PREVIOUS_VERSION it is a first installation
#   mosquitto  only what concerns mosquitto
#   remove     stops the services and takes away what `configure` put outside of /etc/tedge and /var
#   purge      deletes configuration and data too
# It asks nothing and starts nothing that was switched off.
set -eu

user=tedge
links="tedge tedge-agent tedge-mapper c8y-firmware-plugin c8y-remote-access-plugin tedge-apt-plugin tedge-flows-plugin
  tedge-file-config-plugin tedge-file-log-plugin tedge-watchdog tedge-write"
services="tedge-agent tedge-mapper-local tebus"
share=/usr/share/tebus

#@include purge.sh

main() {
  case "${1:-}" in
    configure) configure "${2:-}" ;;
    mosquitto) configure_mosquitto ;;
    remove) remove ;;
    purge) purge ;;
    *)
      echo "usage: setup configure [PREVIOUS_VERSION] | mosquitto | remove | purge" >&2
      exit 2
      ;;
  esac
}

warn() {
  echo "tebus: $1" >&2
}

has() {
  command -v "$1" >/dev/null 2>&1
}

configure() {
  if own_user; then
    create_user
    allow_sudo
  fi
  /usr/bin/tedge init || warn "'tedge init' failed; it is tried again whenever a service starts"
  configure_software
  configure_mosquitto
  case "$(init_system)" in
    systemd) configure_systemd "$1" ;;
    openrc) configure_openrc "$1" ;;
    sysvinit) configure_sysvinit "$1" ;;
    none) ;;
  esac
}

# False when system.toml says that the files belong to somebody else: then that user is the owner's business.
own_user() {
  configured=$(sed -n 's/^[[:space:]]*user[[:space:]]*=[[:space:]]*"\([^"]*\)".*/\1/p' /etc/tedge/system.toml 2>/dev/null | head -n 1)
  [ -z "$configured" ] || [ "$configured" = "$user" ]
}

create_user() {
  nologin=/usr/sbin/nologin
  [ -x "$nologin" ] || nologin=/sbin/nologin
  if has useradd; then
    grep -q "^$user:" /etc/group || groupadd --system "$user"
    id -u "$user" >/dev/null 2>&1 ||
      useradd --system --no-create-home --home-dir /nonexistent --shell "$nologin" --gid "$user" "$user"
  else
    grep -q "^$user:" /etc/group || addgroup -S "$user"
    id -u "$user" >/dev/null 2>&1 || adduser -S -D -H -h /nonexistent -s "$nologin" -G "$user" "$user"
  fi
}

# Plugins and writing to files of others go through sudo (spec/cli-and-config 10.3).
allow_sudo() {
  [ ! -e /etc/sudoers.d/tedge ] || return 0
  mkdir -p /etc/sudoers.d
  (umask 0337 && cp "$share/sudoers" /etc/sudoers.d/.tedge.new) && mv /etc/sudoers.d/.tedge.new /etc/sudoers.d/tedge
}

# The plugin for the package manager that this system has.
configure_software() {
  if has apt-get && has dpkg-query; then
    add_software_plugin apt /usr/bin/tedge-apt-plugin
  elif has apk; then
    add_software_plugin apk "$share/sm-plugins/apk"
  elif has rpm; then
    add_software_plugin rpm "$share/sm-plugins/rpm"
  fi
}

add_software_plugin() {
  plugins=/etc/tedge/sm-plugins
  [ -d "$plugins" ] && [ ! -e "$plugins/$1" ] && [ ! -L "$plugins/$1" ] || return 0
  ln -s "$2" "$plugins/$1"
  /usr/bin/tedge config get software.plugin.default >/dev/null 2>&1 ||
    /usr/bin/tedge config set software.plugin.default "$1" || true
}

configure_mosquitto() {
  include_in_mosquitto
  allow_in_apparmor
}

# Before the first include_dir, also one in a comment: so tedge's listeners come before those of other files.
include_in_mosquitto() {
  conf=/etc/mosquitto/mosquitto.conf
  [ -f "$conf" ] || return 0
  ! grep -q '^[[:space:]]*include_dir[[:space:]]\{1,\}/etc/tedge/mosquitto-conf' "$conf" || return 0
  cp -p "$conf" "$conf.tebus-new"
  awk -v line="include_dir /etc/tedge/mosquitto-conf" '
    !done && /^[[:space:]]*#?[[:space:]]*include_dir/ { print line; done = 1 }
    { print }
    END { if (!done) print line }
  ' "$conf" >"$conf.tebus-new"
  mv "$conf.tebus-new" "$conf"
}

allow_in_apparmor() {
  [ -f /etc/apparmor.d/usr.sbin.mosquitto ] && [ -d /etc/apparmor.d/local ] || return 0
  rules=/etc/apparmor.d/local/usr.sbin.mosquitto
  ! grep -q '^# BEGIN tedge$' "$rules" 2>/dev/null || return 0
  cat >>"$rules" <<'END'
# BEGIN tedge
/etc/tedge/mosquitto-conf/{,**} r,
/etc/tedge/device-certs/{,**} r,
# END tedge
END
  if has apparmor_parser; then apparmor_parser -r /etc/apparmor.d/usr.sbin.mosquitto 2>/dev/null || true; fi
}

init_system() {
  if [ -d /run/systemd/system ]; then
    echo systemd
  elif has rc-update && has rc-service; then
    echo openrc
  elif has systemctl; then
    echo systemd
  elif [ -d /etc/init.d ]; then
    echo sysvinit
  else
    echo none
  fi
}

configure_systemd() {
  if [ -d "$share/init/systemd" ]; then cp "$share"/init/systemd/* /lib/systemd/system/; fi
  # Packages that are moved over from have masked their units when they were removed.
  if has deb-systemd-helper; then
    for service in $services; do deb-systemd-helper unmask "$service.service" >/dev/null 2>&1 || true; done
  fi
  if [ -z "$1" ] && [ -z "$(enabled_units)" ]; then systemctl --quiet enable tedge-agent.service; fi
  [ -d /run/systemd/system ] || return 0
  systemctl daemon-reload
  for unit in $(enabled_units); do
    if runs_us "$unit"; then continue; fi
    systemctl restart "$unit" || warn "$unit does not start: journalctl -u $unit"
  done
}

enabled_units() {
  for link in /etc/systemd/system/*.wants/tebus.service /etc/systemd/system/*.wants/tedge-agent.service \
    /etc/systemd/system/*.wants/tedge-mapper-local.service /etc/systemd/system/*.wants/tedge-mapper@*.service; do
    [ ! -L "$link" ] || basename "$link"
  done
}

# True when this very installation is an operation of the agent: it ends by itself once the operation's outcome is told.
runs_us() {
  case "$1" in
    tedge-agent.service | tebus.service) grep -q "/$1" /proc/self/cgroup 2>/dev/null ;;
    tedge-agent) called_by '(/|tedge run )tedge-agent ' ;;
    tebus) called_by 'tedge run all ' ;;
    *) false ;;
  esac
}

# True when there is a program with such a command line among those that called this script.
called_by() {
  pid=$$
  while [ "$pid" -gt 1 ]; do
    pid=$(awk '{ sub(/^.*[)] /, ""); print $2 }' "/proc/$pid/stat")
    ! tr '\0' ' ' <"/proc/$pid/cmdline" | grep -qE "$1" || return 0
  done
  return 1
}

configure_openrc() {
  for service in $services; do install_script "$share/init/openrc/service" "$service"; done
  use_init openrc
  if [ -z "$1" ]; then
    rc-update -q add tedge-agent default
    rc-service tedge-agent start || warn "tedge-agent does not start"
  else
    for service in $(init_scripts); do
      runs_us "$service" || rc-service -q --ifstarted "$service" restart || true
    done
  fi
}

configure_sysvinit() {
  for service in $services; do install_script "$share/init/sysvinit/service" "$service"; done
  use_init sysvinit
  if [ -z "$1" ]; then
    if has update-rc.d; then update-rc.d tedge-agent defaults; fi
    /etc/init.d/tedge-agent start || warn "tedge-agent does not start"
  else
    for service in $(init_scripts); do
      if runs_us "$service"; then continue; fi
      if "/etc/init.d/$service" status >/dev/null 2>&1; then "/etc/init.d/$service" restart || true; fi
    done
  fi
}

# Names of all services that run us, also of those which somebody made for mappers of the device's own.
init_scripts() {
  for script in /etc/init.d/tebus /etc/init.d/tedge-*; do
    if grep -qs /usr/bin/tedge "$script"; then echo "${script##*/}"; fi
  done
}

install_script() {
  sed "s/@NAME@/$2/g" "$1" >"/etc/init.d/.$2.new"
  chmod 0755 "/etc/init.d/.$2.new"
  mv "/etc/init.d/.$2.new" "/etc/init.d/$2"
}

# `tedge connect` finds in system.toml how services are started.
use_init() {
  [ -e /etc/tedge/system.toml ] || cp "$share/init/$1/system.toml" /etc/tedge/system.toml
}

remove() {
  stop_services
  for service in $(init_scripts); do remove_script "$service"; done
  for unit in "$share"/init/systemd/*; do rm -f "/lib/systemd/system/${unit##*/}"; done
  for plugin in /etc/tedge/sm-plugins/*; do
    case "$(readlink "$plugin" || true)" in
      /usr/bin/tedge-apt-plugin | /usr/bin/tebus | "$share"/*) rm -f "$plugin" ;;
    esac
  done
  for link in $links; do
    if [ -L "/usr/bin/$link" ] && [ "$(basename "$(readlink "/usr/bin/$link")")" = tebus ]; then rm -f "/usr/bin/$link"; fi
  done
}

stop_services() {
  case "$(init_system)" in
    systemd)
      [ -d /run/systemd/system ] || return 0
      systemctl stop tebus.service tedge-agent.service tedge-mapper-local.service 'tedge-mapper@*.service' || true
      ;;
    openrc) for service in $(init_scripts); do rc-service -q --ifstarted "$service" stop || true; done ;;
    sysvinit) for service in $(init_scripts); do "/etc/init.d/$service" stop || true; done ;;
    none) ;;
  esac
}

remove_script() {
  if has rc-update; then rc-update -q delete "$1" 2>/dev/null || true; fi
  rm -f "/etc/init.d/$1"
  if has update-rc.d; then update-rc.d "$1" remove || true; fi
}

main "$@"
