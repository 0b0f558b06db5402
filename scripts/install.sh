#!/bin/sh
# Installs, updates or removes tebus on a device; see `usage` below.
set -eu

repository=${TEBUS_REPOSITORY:-@REPOSITORY@}
version=""
package=""
action=install
purge=""

main() {
  read_arguments "$@"
  [ "$(id -u)" = 0 ] || fail "run this as root (sudo)"
  case "$action" in
    install) install_tebus ;;
    uninstall) uninstall_tebus ;;
  esac
}

usage() {
  cat <<'END'
usage: install.sh [--version VERSION] [--tarball] | --uninstall [--purge]

Installs tebus on a device: the Debian package where there is dpkg, else the tarball. Run it again to update.
  --version VERSION  that release instead of the latest
  --tarball          the tarball even where there is dpkg
  --uninstall        stops the services and removes the program; configuration and data stay
  --purge            removes configuration and data too

TEBUS_REPOSITORY    GitHub repository that releases are taken from, OWNER/NAME
TEBUS_DOWNLOAD_URL  directory with the files of a release, instead of GitHub
END
}

fail() {
  echo "install.sh: $1" >&2
  exit 1
}

has() {
  command -v "$1" >/dev/null 2>&1
}

read_arguments() {
  while [ $# -gt 0 ]; do
    case "$1" in
      --version)
        [ $# -ge 2 ] || fail "--version needs a version"
        version=$2
        shift
        ;;
      --tarball) package=tarball ;;
      --uninstall) action=uninstall ;;
      --purge) purge=yes ;;
      -h | --help)
        usage
        exit 0
        ;;
      *) fail "unknown option $1 (see --help)" ;;
    esac
    shift
  done
  [ -z "$purge" ] || [ "$action" = uninstall ] || fail "--purge goes with --uninstall"
}

install_tebus() {
  target=$(find_target)
  [ -n "$package" ] || package=$(choose_package "$target")
  base=$(download_base)
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  trap 'exit 1' INT TERM
  download "$base/SHA256SUMS" "$work/SHA256SUMS"
  file=$(find_file "$work/SHA256SUMS" "$target")
  echo "Downloading $file"
  download "$base/$file" "$work/$file"
  verify "$work" "$file"
  case "$package" in
    deb) install_deb "$work/$file" ;;
    tarball) install_tarball "$work" "$file" ;;
  esac
  echo "Installed: $(/usr/bin/tedge --version)"
}

# The name of the machine in the files of a release. By what can be loaded, not by the kernel alone: a 64-bit kernel may run a
# 32-bit system.
find_target() {
  machine=$(uname -m)
  [ "$(uname -s)" = Linux ] || fail "tebus runs on Linux, this is $(uname -s)"
  case "$machine" in
    x86_64 | amd64) cpu=x64 loader=/lib64/ld-linux-x86-64.so.2 musl_loader=/lib/ld-musl-x86_64.so.1 ;;
    aarch64 | arm64) cpu=arm64 loader=/lib/ld-linux-aarch64.so.1 musl_loader=/lib/ld-musl-aarch64.so.1 ;;
    arm*) fail "this is a 32-bit ARM machine ($machine): tebus is made with Bun, and Bun has no 32-bit ARM" ;;
    *) fail "there is no tebus for $machine, only for x86_64 and aarch64 (64 bit)" ;;
  esac
  if [ -e "$loader" ]; then
    echo "linux-$cpu"
  elif [ -e "$musl_loader" ]; then
    echo "linux-$cpu-musl"
  else
    fail "the kernel is $machine, but neither $loader nor $musl_loader is there: is this a 32-bit system? Bun has no 32-bit ARM or x86"
  fi
}

# BusyBox may have a dpkg of its own, which is not the one that a system of packages is built on.
choose_package() {
  case "$1" in
    *-musl) echo tarball ;;
    *) if [ -x /usr/bin/dpkg ]; then echo deb; else echo tarball; fi ;;
  esac
}

download_base() {
  if [ -n "${TEBUS_DOWNLOAD_URL:-}" ]; then
    echo "${TEBUS_DOWNLOAD_URL%/}"
    return
  fi
  case "$repository" in
    @*) fail "this copy of install.sh names no repository: set TEBUS_REPOSITORY=OWNER/NAME or TEBUS_DOWNLOAD_URL" ;;
  esac
  if [ -n "$version" ]; then
    echo "https://github.com/$repository/releases/download/v$version"
  else
    echo "https://github.com/$repository/releases/latest/download"
  fi
}

download() {
  if has curl; then
    curl --fail --silent --show-error --location --retry 3 --output "$2" "$1" || fail "cannot download $1"
  elif has wget; then
    wget -q -O "$2" "$1" || fail "cannot download $1"
  else
    fail "curl or wget is needed"
  fi
}

# $1: SHA256SUMS, $2: target
find_file() {
  case "$package-$2" in
    deb-linux-x64) pattern='tebus_[^ ]*_amd64\.deb' ;;
    deb-linux-arm64) pattern='tebus_[^ ]*_arm64\.deb' ;;
    *) pattern="tebus_[^ ]*_$2\\.tar\\.gz" ;;
  esac
  name=$(sed -n "s/^[0-9a-f]\{64\}  \($pattern\)\$/\1/p" "$1" | head -n 1)
  [ -n "$name" ] || fail "the release has no $package for $2"
  echo "$name"
}

verify() {
  (cd "$1" && grep "  $2\$" SHA256SUMS | sha256sum -c - >/dev/null 2>&1) ||
    fail "the checksum of $2 is wrong: it was damaged or changed on its way, nothing is installed"
}

install_deb() {
  if has apt-get; then
    # apt's own user has to be able to read it.
    chmod 0755 "${1%/*}"
    DEBIAN_FRONTEND=noninteractive apt-get install -q -y --allow-downgrades "$1"
  else
    dpkg --install "$1"
  fi
}

# $1: directory, $2: file in it
install_tarball() {
  need_cpp_library
  previous=""
  [ ! -x /usr/bin/tebus ] || previous=$(/usr/bin/tebus tedge --version 2>/dev/null | cut -d ' ' -f 2)
  mkdir "$1/files"
  tar -xzf "$1/$2" -C "$1/files"
  "$1/files/usr/bin/tebus" tedge --version >/dev/null || fail "the executable does not run on this machine, nothing is installed"
  # A running program cannot be written to, but its name can be given to a new file.
  cp "$1/files/usr/bin/tebus" /usr/bin/.tebus.new
  mv /usr/bin/.tebus.new /usr/bin/tebus
  rm "$1/files/usr/bin/tebus"
  for link in "$1"/files/usr/bin/*; do rm -f "/usr/bin/${link##*/}"; done
  cp -R -P "$1/files/usr/." /usr/
  /usr/share/tebus/setup configure "$previous"
}

# Bun for musl needs the C++ library, which Alpine does not install by itself.
need_cpp_library() {
  case "$target" in
    *-musl)
      [ ! -e /usr/lib/libstdc++.so.6 ] || return 0
      if has apk; then apk add --no-cache libstdc++; else fail "libstdc++ is needed: install it, then try again"; fi
      ;;
  esac
}

uninstall_tebus() {
  if [ -x /usr/bin/dpkg ] && dpkg --status tebus >/dev/null 2>&1; then
    if [ -n "$purge" ]; then dpkg --purge tebus; else dpkg --remove tebus; fi
    return
  fi
  [ -x /usr/share/tebus/setup ] || fail "tebus is not installed"
  /usr/share/tebus/setup remove
  if [ -n "$purge" ]; then /usr/share/tebus/setup purge; fi
  rm -rf /usr/bin/tebus /usr/share/tebus /usr/share/doc/tebus
}

main "$@"
