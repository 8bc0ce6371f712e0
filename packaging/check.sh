#!/usr/bin/env bash
# Installs a package into a fresh Debian 12 root, starts the daemon there, deploys a function with the machine's AWS CLI and invokes it;
# then removes and purges it. check.sh PACKAGE.deb
#
#   MAYFLY_CHECK_ROOT   a folder that debootstrap has filled before (kept; without it one is made and removed)
set -euo pipefail
deb=$(readlink -f "$1")
say() { printf '\033[1m%s\033[0m\n' "$*"; }
die() { printf 'check: %s\n' "$*" >&2; exit 1; }
[ "$(id -u)" = 0 ] || die "a root of its own needs root"
scratch=$(mktemp -d)
root=$scratch/root
daemon=
cleanup() {
  [ -z "$daemon" ] || { kill "$daemon" 2>/dev/null && wait "$daemon" 2>/dev/null; } || true
  if mountpoint -q "$root"; then umount -R -l "$root"; fi
  rm -rf "$scratch"
}
trap cleanup EXIT

# The mirror that this machine uses.
mirror=$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' 2>/dev/null | grep -v -- -security | head -1)
if [ -n "${MAYFLY_CHECK_ROOT:-}" ] && [ -d "$MAYFLY_CHECK_ROOT/usr" ]; then
  cp -a "$MAYFLY_CHECK_ROOT" "$root"
else
  say "making a Debian 12 root"
  debootstrap --variant=minbase bookworm "$root" "$mirror" >"$scratch/debootstrap.log" 2>&1 || { tail -5 "$scratch/debootstrap.log"; die "debootstrap failed"; }
  [ -z "${MAYFLY_CHECK_ROOT:-}" ] || cp -a "$root" "$MAYFLY_CHECK_ROOT"
fi
cp /etc/apt/apt.conf.d/*proxy* "$root/etc/apt/apt.conf.d/" 2>/dev/null || true
mount --bind --make-private "$root" "$root"  # sandboxes need a root that is a mount point
mount -t proc proc "$root/proc"
mount --rbind --make-rslave /sys "$root/sys"
mount --rbind --make-rslave /dev "$root/dev"
cp "$deb" "$root/mayfly.deb"
in_root() { env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive LC_ALL=C HOME=/root http_proxy="${http_proxy:-}" https_proxy="${https_proxy:-}" chroot "$root" "$@"; }

say "installing $(basename "$deb")"
in_root apt-get install -y -q --no-install-recommends /mayfly.deb python3 >"$scratch/install.log" 2>&1 || { tail -20 "$scratch/install.log"; die "it does not install"; }
in_root mayfly --version
in_root getent passwd mayfly >/dev/null || die "there is no user mayfly"
for file in usr/share/man/man1/mayfly.1.gz usr/share/man/man8/mayflyd.8.gz usr/share/bash-completion/completions/mayfly lib/systemd/system/mayfly.service \
  etc/mayfly/mayfly.conf; do
  [ -s "$root/$file" ] || [ -s "$root/${file%.gz}" ] || die "$file is missing"
done
in_root bash -n /usr/share/bash-completion/completions/mayfly

# As a container has it: the kernel lets nobody make sandboxes below a chroot. Takes the place of the shell that calls it.
in_container() {
  exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C HOME=/root unshare -m --propagation private -- /bin/bash -c '
    cd "$0" && mkdir -p mnt/outside && pivot_root . mnt/outside && cd / && umount -l /mnt/outside && exec "$@"' "$root" "$@"
}

say "starting the daemon below a chroot: it must say why that cannot be"
if in_root timeout 30 mayflyd --data-dir /tmp/no-data --listen 127.0.0.1:0 >"$scratch/refused" 2>&1; then die "it started"; fi
grep -q 'is this a chroot' "$scratch/refused" || { cat "$scratch/refused"; die "it does not say why"; }

say "starting the daemon"
in_container mayflyd --config /etc/mayfly/mayfly.conf --listen 127.0.0.1:0 >"$scratch/ready" 2>"$scratch/log" &
daemon=$!
for _ in $(seq 300); do
  grep -q '^ready ' "$scratch/ready" && break
  kill -0 "$daemon" 2>/dev/null || { cat "$scratch/log"; die "the daemon ended"; }
  sleep 0.1
done
url=$(sed -n 's/^ready //p' "$scratch/ready")
[ -n "$url" ] || { cat "$scratch/log"; die "the daemon is not ready after 30 s"; }
ps -o user= -C mayflyd | grep -q '[^ ]' || die "no daemon is running"

say "deploying and invoking a function at $url"
printf 'import os\ndef handler(event, context):\n    return {"hello": event["name"], "uid": os.getuid()}\n' >"$scratch/app.py"
(cd "$scratch" && python3 -m zipfile -c app.zip app.py)
aws=/usr/bin/aws  # Debian's, which knows --cli-binary-format
[ -x "$aws" ] || aws=aws
run_aws() {
  env -u AWS_PROFILE AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test AWS_DEFAULT_REGION=us-east-1 AWS_PAGER= NO_PROXY=127.0.0.1 \
    "$aws" --endpoint-url "$url" lambda "$@"
}
run_aws create-function --function-name hello --runtime python3.11 --handler app.handler --role arn:aws:iam::000000000000:role/any \
  --zip-file "fileb://$scratch/app.zip" >/dev/null
run_aws wait function-active-v2 --function-name hello
run_aws invoke --function-name hello --cli-binary-format raw-in-base64-out --payload '{"name":"package"}' "$scratch/answer" >/dev/null
cat "$scratch/answer"; echo
grep -q '"hello": *"package"' "$scratch/answer" || { cat "$scratch/log"; die "the function did not answer"; }
kill "$daemon"
wait "$daemon" || die "the daemon ended with $?"
daemon=

say "removing it"
in_root apt-get remove -y -q mayfly >"$scratch/remove.log" 2>&1 || { cat "$scratch/remove.log"; die "it cannot be removed"; }
[ -d "$root/var/lib/mayfly" ] || die "removing took the data"
[ ! -e "$root/usr/lib/mayfly" ] || { find "$root/usr/lib/mayfly" | head; die "removing left files"; }
in_root apt-get purge -y -q mayfly >"$scratch/remove.log" 2>&1 || { cat "$scratch/remove.log"; die "it cannot be purged"; }
[ ! -e "$root/var/lib/mayfly" ] || die "purging left the data"
say "the package installs, runs, and goes"
