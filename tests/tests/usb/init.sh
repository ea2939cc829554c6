#!/bin/busybox sh
# The first program of the test's machine: loads the modules, shows the files of the machine outside, and runs the stories there.
# Whatever happens, the machine ends.
busybox() { /bin/busybox "$@"; }
busybox mkdir -p /proc /sys /dev /host
busybox mount -t proc proc /proc
busybox mount -t sysfs sysfs /sys
busybox mount -t devtmpfs devtmpfs /dev
for module in /modules/*.ko; do
    case "$module" in
    # Four controllers, as many as the kernel can be printers.
    *-dummy_hcd.ko) busybox insmod "$module" num=4 ;;
    *) busybox insmod "$module" ;;
    esac
done
busybox mount -t configfs configfs /sys/kernel/config
busybox mount -t 9p -o trans=virtio,version=9p2000.L,ro,msize=262144,cache=loose host /host
busybox mount --rbind /proc /host/proc
busybox mount --rbind /sys /host/sys
busybox mount --rbind /dev /host/dev
busybox mount -t tmpfs tmpfs /host/run
busybox mkdir /host/run/out /host/run/modules
busybox mount --bind /modules /host/run/modules
busybox mount -t 9p -o trans=virtio,version=9p2000.L,msize=262144 out /host/run/out
{
    read -r program
    read -r inside
    read -r filter
    read -r faults
} < /host/run/out/command
TMPDIR=/run busybox chroot /host "$program" "$inside" "$filter" "$faults"
busybox reboot -f
