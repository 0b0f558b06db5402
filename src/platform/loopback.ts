/** Whether an IP address is one by which this machine reaches itself, and nobody else does. */
export function isThisMachine(address: string): boolean {
  return /^(?:::ffff:)?127\./i.test(address) || address === "::1";
}
