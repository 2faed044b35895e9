import { spawn } from 'node:child_process';
import { once } from 'node:events';

const END = '-- end of what was typed --';

/** An interactive shell that keeps its variables and functions. */
export class Shell {
  readonly #bash;
  #output = '';
  #errors = '';

  constructor(cwd: string) {
    this.#bash = spawn('bash', { cwd, stdio: ['pipe', 'pipe', 'pipe'] });
    this.#bash.stdout.on('data', (chunk) => {
      this.#output += chunk;
    });
    this.#bash.stderr.on('data', (chunk) => {
      this.#errors += chunk;
    });
  }

  /**
   * Types some lines.
   * @returns their output.
   * @throws if they print to standard error.
   */
  async type(lines: string): Promise<string> {
    this.#output = '';
    this.#bash.stdin.write(`${lines}\nprintf '%s' '${END}'\n`);
    while (!this.#output.endsWith(END)) await once(this.#bash.stdout, 'data');
    if (this.#errors !== '') throw new Error(this.#errors);
    return this.#output.slice(0, -END.length);
  }

  async close(): Promise<void> {
    const exit = once(this.#bash, 'exit');
    this.#bash.stdin.end();
    await exit;
  }
}
