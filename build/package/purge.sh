# Deletes configuration, data and user, unless another package has taken over: then they are that one's.
purge() {
  [ ! -e /usr/bin/tedge ] || return 0
  rm -rf /etc/tedge /var/tedge /var/log/tedge
  rm -f /run/lock/tedge-*.lock /etc/sudoers.d/tedge
  rm -f /etc/systemd/system/*.wants/tebus.service /etc/systemd/system/*.wants/tedge-agent.service \
    /etc/systemd/system/*.wants/tedge-mapper-local.service /etc/systemd/system/*.wants/tedge-mapper@*.service
  if [ -f /etc/mosquitto/mosquitto.conf ]; then
    sed -i '\|^[[:space:]]*include_dir[[:space:]]\{1,\}/etc/tedge/mosquitto-conf|d' /etc/mosquitto/mosquitto.conf
  fi
  if [ -f /etc/apparmor.d/local/usr.sbin.mosquitto ]; then
    sed -i '/^# BEGIN tedge$/,/^# END tedge$/d' /etc/apparmor.d/local/usr.sbin.mosquitto
  fi
  if command -v userdel >/dev/null 2>&1; then
    userdel tedge 2>/dev/null || true
    groupdel tedge 2>/dev/null || true
  else
    deluser tedge 2>/dev/null || true
    delgroup tedge 2>/dev/null || true
  fi
}
