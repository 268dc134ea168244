#!/bin/sh
# Lays out the layers of the test images as OUT/LAYER.tar, from the packages of Debian alone.
# Runs as root on Debian, or in a container of it: `rootfs.sh OUT`.
set -eu
here=$(dirname "$(realpath "$0")")
out=$(realpath "$1")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

missing=
[ -e /var/lib/dpkg/info/busybox-static.list ] || missing="$missing busybox-static"
[ -e /etc/ssl/certs/ca-certificates.crt ] || missing="$missing ca-certificates"
command -v git >/dev/null || missing="$missing git"
command -v go >/dev/null || missing="$missing golang-go"
if [ -n "$missing" ]; then
	apt-get update -qq
	# shellcheck disable=SC2086 # a list of words
	DEBIAN_FRONTEND=noninteractive apt-get install -qq --yes --no-install-recommends $missing
fi

# The order, owner and time of the entries are fixed: equal content makes an equal layer.
pack() {
	tar --create --file="$out/$1.tar" --directory="$work/$1" \
		--sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner .
}

# Copies programs with the shared libraries that they name, at the paths where they are named.
add_programs() {
	layer=$work/$1
	shift
	mkdir -p "$layer"
	for program in "$@"; do
		cp --parents --dereference --update "$program" "$layer"
		for library in $(ldd "$program" 2>/dev/null | grep -o '/[^ ]*'); do
			cp --parents --dereference --update "$library" "$layer"
		done
	done
}

static_go() {
	mkdir -p "$work/$1"
	(cd "$here/$1" && CGO_ENABLED=0 GOOS=linux GOFLAGS='' GO111MODULE=off \
		go build -trimpath -ldflags '-s -w' -o "$work/$1/$1" main.go)
	pack "$1"
}

busybox=$work/busybox
mkdir -p "$busybox/bin" "$busybox/etc" "$busybox/root" "$busybox/usr" "$busybox/home/user" \
	"$busybox/var" "$busybox/lib"
cp --dereference "$(command -v busybox)" "$busybox/bin/busybox"
for applet in $("$busybox/bin/busybox" --list); do
	[ "$applet" = busybox ] || ln -s busybox "$busybox/bin/$applet"
done
# Scripts say /usr/bin/env, too.
ln -s ../bin "$busybox/usr/bin"
mkdir -m 1777 "$busybox/tmp" "$busybox/var/tmp"
chmod 700 "$busybox/root"
printf 'root:x:0:0:root:/root:/bin/sh\nuser:x:1234:1234::/home/user:/bin/sh\nnobody:x:65534:65534:nobody:/home:/bin/false\n' >"$busybox/etc/passwd"
printf 'root:x:0:\nuser:x:1234:\nnobody:x:65534:\n' >"$busybox/etc/group"
pack busybox

for shell in dash bash; do
	add_programs "$shell" "/bin/$shell"
	ln -s "$shell" "$work/$shell/bin/sh"
	pack "$shell"
done

mkdir -p "$work/plugin-echo/usr/local/bin"
install -m 755 "$here/plugin-echo" "$work/plugin-echo/usr/local/bin/plugin-echo"
pack plugin-echo

mkdir -p "$work/fake-tmate/bin"
install -m 755 "$here/fake-tmate/copy" "$work/fake-tmate/bin/drone-runner-docker"
install -m 755 "$here/fake-tmate/tmate" "$work/fake-tmate/bin/tmate"
pack fake-tmate

mkdir -p "$work/web/www"
echo 'hello from the service' >"$work/web/www/index.html"
pack web

# usr/bin is a link to bin in the layer below; a folder of that name would hide all of it.
core=/usr/lib/git-core
add_programs git /usr/bin/git $core/git-remote-http
mkdir "$work/git/bin"
mv "$work/git/usr/bin/git" "$work/git/bin/git"
rmdir "$work/git/usr/bin"
for command in $core/*; do
	case $(readlink "$command" || true) in
	git) ln -s /bin/git "$work/git$command" ;;
	git-remote-http) ln -s git-remote-http "$work/git$command" ;;
	*) head -c 2 "$command" 2>/dev/null | grep -q '#!' && cp --parents "$command" "$work/git" ;;
	esac
done
[ -e "$work/git$core/git" ] || ln -s /bin/git "$work/git$core/git"
cp --parents --recursive /usr/share/git-core/templates "$work/git"
cp --parents --dereference /etc/ssl/certs/ca-certificates.crt "$work/git"
install -D -m 755 "$here/clone" "$work/git/usr/local/bin/clone"
pack git

static_go hello
static_go pause
