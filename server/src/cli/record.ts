// memtopo record: the script that collects a real machine for `verify` and for import.
import { recordScript } from '../formats/record-script.ts';
import { type Command, parseOptions, UsageError } from './command.ts';

export const record: Command = {
    name: 'record',
    usage: '',
    summary: 'print a shell script that collects what a real machine is and has',
    help: `Prints a POSIX shell script. Run it on the machine, as root, and keep what it prints:

  memtopo record > memtopo-record.sh
  sudo sh memtopo-record.sh > machine.record
  memtopo verify machine.record

The script only reads: kernel version and command line, the firmware's memory map, SRAT, SLIT, HMAT, NFIT and CEDT, /proc/iomem,
memory blocks, nodes, the dax and nd buses, and the listings of ndctl, daxctl and cxl where they are installed.`,
    run(args, io) {
        const { positionals } = parseOptions(args, {});
        if (positionals.length > 0) throw new UsageError('record takes no operands: it prints a script');
        io.out(recordScript());
        return 0;
    },
};
