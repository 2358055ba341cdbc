// Writes docs/diagnostics.md from the catalogue:  node scripts/diagnostics-docs.ts
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { diagnosticsPage } from '../server/src/diagnostics/page.ts';

writeFileSync(path.join(import.meta.dirname, '..', 'docs', 'diagnostics.md'), diagnosticsPage());
