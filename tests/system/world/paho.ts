/** Debian's, which has python3-paho-mqtt; another one may come first in PATH. */
export const PYTHON = "/usr/bin/python3";
