import type { Notifier } from 'session-revocation/adapter';
import { type Node, travel } from './node.ts';
import type { World } from './world.ts';

const IS_LOST = 0.5;

/** A message broker that loses half of the notifications, delays others, and repeats older ones. */
export class Broker {
  readonly #world: World;
  readonly #sent: string[] = [];
  readonly #hearers = new Map<Node, (message: unknown) => void>();

  constructor(world: World) {
    this.#world = world;
  }

  notifierOf(node: Node): Notifier {
    return {
      publish: (message) => this.#publish(message),
      subscribe: (listener) => {
        this.#hearers.set(node, listener);
        return () => this.#hearers.delete(node);
      },
    };
  }

  #publish(message: string): void {
    const { dice } = this.#world;
    this.#sent.push(message);
    const messages = [message, this.#sent[dice.below(this.#sent.length)] ?? message];
    for (const [node, listener] of this.#hearers) {
      for (const one of messages) {
        if (!dice.falls(IS_LOST)) this.#world.in(travel(this.#world), () => node.hear(one, listener));
      }
    }
  }
}
