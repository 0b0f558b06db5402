import { runProgram } from "./program.ts";

/** Another host: a network namespace whose only way out is a cable to this machine. */
export interface NetworkHost extends AsyncDisposable {
  /** Address of this machine as that host sees it. */
  readonly gateway: string;
  /** Address of that host. */
  readonly address: string;
  /** Words that, put before a program, run it on that host. */
  readonly prefix: readonly string[];
}

let hosts = 0;

/** Plugs another host in. Needs root, or sudo that asks no password. */
export async function networkHost(): Promise<NetworkHost> {
  hosts += 1;
  const name = `tebus-${process.pid}-${hosts}`;
  const [cable, end] = [`tb${process.pid}.${hosts}`, `te${process.pid}.${hosts}`];
  const net = `10.${90 + (process.pid % 100)}.${Math.floor(process.pid / 100) % 250}`;
  const [gateway, address] = [`${net}.${hosts * 4 + 1}`, `${net}.${hosts * 4 + 2}`];
  const unplug = async () => {
    await asRoot(["ip", "link", "delete", cable]).catch(() => undefined);
    await asRoot(["ip", "netns", "delete", name]).catch(() => undefined);
  };
  try {
    await asRoot(["ip", "netns", "add", name]);
    await asRoot(["ip", "link", "add", cable, "type", "veth", "peer", "name", end, "netns", name]);
    await asRoot(["ip", "address", "add", `${gateway}/30`, "dev", cable]);
    await asRoot(["ip", "link", "set", cable, "up"]);
    const inside = ["ip", "netns", "exec", name];
    await asRoot([...inside, "ip", "address", "add", `${address}/30`, "dev", end]);
    await asRoot([...inside, "ip", "link", "set", end, "up"]);
    await asRoot([...inside, "ip", "link", "set", "lo", "up"]);
    return { gateway, address, prefix: [...SUDO, ...inside], [Symbol.asyncDispose]: unplug };
  } catch (thrown) {
    await unplug();
    throw thrown;
  }
}

const SUDO = process.getuid?.() === 0 ? [] : ["sudo", "-n"];

async function asRoot(words: readonly string[]): Promise<void> {
  await runProgram([...SUDO, ...words]);
}
