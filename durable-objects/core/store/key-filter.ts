import type { CacheMemory, Resident } from "./cache-memory.ts";

/** Bits for each key, and how many of them it sets: about one absent key in fifty is taken for one that may be there. */
const KEY_BITS = 10;
const PROBES = 4;
/** Each further layer has four times as many bits. Above all of them, 1.4 MB and 1.1 million keys, there is no filter. */
const FIRST_BITS = 2 ** 13;
const LAYER_GROWTH = 4;
const MAX_LAYERS = 6;

/**
 * Which keys have been put into a store that was empty before: a Bloom filter (B. H. Bloom, "Space/Time Trade-offs in Hash
 * Coding with Allowable Errors", 1970) that grows by layers. To look a key up that is not there costs as much as a row.
 */
export class KeyFilter implements Resident {
  bytes = 0;
  readonly dirty = false;
  used = true;
  readonly expired = false;
  readonly #memory: CacheMemory;
  readonly #layers: Uint8Array[] = [];
  /** Keys that the last layer still takes. */
  #room = 0;
  #left = false;

  constructor(memory: CacheMemory) {
    this.#memory = memory;
    memory.keep(this);
  }

  add(key: string): void {
    if (this.#left) return;
    if (this.#room === 0) this.#grow();
    const layer = this.#layers.at(-1);
    if (layer === undefined) return;
    this.#room--;
    const first = hashOf(key);
    for (let probe = 0; probe < PROBES; probe++) {
      const bit = bitOf(first, probe, layer);
      layer[bit >>> 3] = (layer[bit >>> 3] ?? 0) | (1 << (bit & 7));
    }
  }

  /** `false`: it was never added. */
  mayHave(key: string): boolean {
    if (this.#left) return true;
    this.used = true;
    const first = hashOf(key);
    return this.#layers.some((layer) => has(layer, first));
  }

  /** From then on any key may be there. */
  leave(): void {
    this.#left = true;
    this.#layers.length = 0;
  }

  #grow(): void {
    if (this.#layers.length === MAX_LAYERS) return this.#giveUp();
    const bits = FIRST_BITS * LAYER_GROWTH ** this.#layers.length;
    this.#layers.push(new Uint8Array(bits / 8));
    this.#room = Math.floor(bits / KEY_BITS);
    this.#weigh(bits / 8);
  }

  #giveUp(): void {
    this.#weigh(-this.bytes);
    this.leave();
  }

  #weigh(bytes: number): void {
    this.bytes += bytes;
    this.#memory.grow(bytes);
  }
}

function has(layer: Uint8Array, first: number): boolean {
  for (let probe = 0; probe < PROBES; probe++) {
    const bit = bitOf(first, probe, layer);
    if (((layer[bit >>> 3] ?? 0) & (1 << (bit & 7))) === 0) return false;
  }
  return true;
}

/** One hash, and a second that steps (Kirsch and Mitzenmacher, 2006). A layer has a power of two of bits. */
function bitOf(first: number, probe: number, layer: Uint8Array): number {
  const step = mixed(first ^ 0x9e3779b9) | 1;
  return (first + Math.imul(probe, step)) & (layer.length * 8 - 1);
}

/** FNV-1a over the units of the text. */
function hashOf(key: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < key.length; at++) hash = Math.imul(hash ^ key.charCodeAt(at), 0x01000193);
  return mixed(hash);
}

/** The end of MurmurHash3: each bit depends on all. */
function mixed(hash: number): number {
  let mix = hash ^ (hash >>> 16);
  mix = Math.imul(mix, 0x85ebca6b);
  mix ^= mix >>> 13;
  mix = Math.imul(mix, 0xc2b2ae35);
  return mix ^ (mix >>> 16);
}
