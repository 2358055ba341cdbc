// Everything that can be said about the sources without running them:  npm run check
//   the parser of the language is generated from the grammar as it stands; types; lint, with the arrows between folders.
import './node.mjs';
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const root = path.dirname(import.meta.dirname);
const bin = (name) => path.join(root, 'node_modules', '.bin', name);

function run(label, command, args) {
    const started = Date.now();
    const { status, stdout, stderr, error } = spawnSync(command, args, { cwd: root, encoding: 'utf8', maxBuffer: 64 << 20 });
    const ok = status === 0;
    if (!ok) process.stdout.write(`${stdout ?? ''}${stderr ?? ''}${error ? `${error.message}\n` : ''}`);
    report(label, ok, started);
    return ok;
}

function report(label, ok, started) {
    console.log(`${ok ? 'ok  ' : 'FAIL'}  ${label} (${((Date.now() - started) / 1000).toFixed(1)} s)`);
}

/** Generates the parser beside the sources and compares, so that a check never changes the working tree. */
function generated() {
    const started = Date.now();
    const config = JSON.parse(readFileSync(path.join(root, 'langium-config.json'), 'utf8'));
    const scratch = mkdtempSync(path.join(os.tmpdir(), 'memtopo-langium-'));
    try {
        const grammar = config.languages[0].grammar;
        cpSync(path.join(root, grammar), path.join(scratch, 'grammar.langium'));
        cpSync(path.join(root, 'package.json'), path.join(scratch, 'package.json'));
        const changed = { ...config, out: 'generated', languages: config.languages.map(l => ({ ...l, grammar: 'grammar.langium', textMate: undefined })) };
        delete changed.textMate;
        writeFileSync(path.join(scratch, 'langium-config.json'), JSON.stringify(changed));
        const made = spawnSync(bin('langium'), ['generate', '--file', path.join(scratch, 'langium-config.json')], { cwd: scratch, encoding: 'utf8' });
        let ok = made.status === 0;
        if (!ok) process.stdout.write(`${made.stdout}${made.stderr}`);
        for (const name of ok ? readdirSync(path.join(scratch, 'generated')) : []) {
            const tracked = path.join(root, config.out, name);
            if (existsSync(tracked) && readFileSync(tracked, 'utf8') === readFileSync(path.join(scratch, 'generated', name), 'utf8')) continue;
            console.log(`${config.out}/${name} is not what the grammar says: run npm run langium`);
            ok = false;
        }
        report('generated parser is up to date', ok, started);
        return ok;
    } finally {
        rmSync(scratch, { recursive: true, force: true });
    }
}

const results = [
    run('types (tsc)', bin('tsc'), ['--noEmit', '-p', '.']),
    run('lint (oxlint)', bin('oxlint'), []),
    generated(),
];
process.exitCode = results.every(Boolean) ? 0 : 1;
