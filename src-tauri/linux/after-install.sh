#!/bin/sh
# After the package is unpacked: printers that are plugged in already get their rights now and not at the next start. A machine
# without udev, such as a container, needs none of this, and an installation never fails for it.
set -e
if [ "$1" = configure ] && [ -S /run/udev/control ]; then
    udevadm control --reload || true
    udevadm trigger --action=change --subsystem-match=usb --subsystem-match=usbmisc --subsystem-match=tty || true
fi
