/** Bad arguments or input of a command: one clear line, exit status 1. */
export class UsageError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'UsageError';
  }
}

export const MAIN_HELP: string = `softirq: a machine's whole network path, emulated: wire, PCIe NIC, interrupts, NAPI, IP, UDP, recvfrom

usage: softirq COMMAND [options]

commands:
  replay FILE   send a capture's frames through a host, from the wire to recvfrom
  demo          replay the bundled capture and show the way of one packet

softirq COMMAND --help tells more; softirq --version prints the version.
Exit status: 0 on success, 1 on any error.`;

export const REPLAY_HELP: string = `softirq replay FILE.pcap|FILE.pcapng --host ADDR/PREFIX[,ADDR/PREFIX] --mac MAC --udp PORT [options]

Replays the frames of a capture that are addressed to one host, with their recorded gaps, through an emulated wire, PCIe NIC, interrupt,
NAPI poll, IP and UDP, and prints what recvfrom returns. Frames the host sent itself, and frames for other stations, are left out.

  --host LIST     addresses of the host, comma-separated, IPv4 and IPv6
  --mac MAC       its Ethernet address
  --udp PORT      the UDP port it listens on (IPv4 and IPv6)
  --mode MODE     interrupts by msi (default), msix or intx
  --costs TABLE   zero (default), lumped, or a file with a cost table in JSON
  --seed N        seed of the network's random streams (default 1)
  --json          one line per datagram {"family","src","sport","length","sha256"} in recvfrom order (family is 4 or 6),
                  then one line {"drops":{reason:count},"irqs":n,"polls":n}
  --out DIR       write journey.pcapng, journey.perfetto.json and journey.svg there
  --help          this text`;

export const DEMO_HELP: string = `softirq demo [--once] [--out DIR] [--seed N]

Replays the bundled capture through the whole path with the 'lumped' cost table, prints each station of one packet's way, all datagrams
received and all drops by reason, and writes journey.pcapng (Wireshark), journey.perfetto.json (ui.perfetto.dev) and journey.svg.

  --once          end after one replay (it always does)
  --out DIR       where the files go (default: out)
  --seed N        seed of the network's random streams (default 1)
  --help          this text`;
