import { schedule } from './schedule.ts';
import type { Attribute } from './types.ts';
import { type Constant, type GraphNode, type GraphValue, Leaf, NodeOutput } from './value.ts';

/** What has to run to compute some edges: the reachable part of the recorded graph, in order. */
export interface Plan {
  nodes: GraphNode[];
  leaves: Leaf[];
  constants: Constant[];
  outputs: NodeOutput[];
  /** Describes the structure completely: equal keys mean interchangeable graphs. */
  key: string;
}

/** Collects what `outputs` need. Whatever they do not need is left out. */
export function makePlan(outputs: readonly NodeOutput[]): Plan {
  const nodes = reachable(outputs);
  const leaves: Leaf[] = [];
  const constants: Constant[] = [];
  const names = new Map<GraphValue, string>();
  const parts: string[] = [];
  const nameOf = (value: GraphValue | null): string => {
    if (!value) return '';
    let name = names.get(value);
    if (name === undefined) {
      // Every edge but a leaf or constant was named when its node was visited.
      if (value instanceof Leaf) {
        name = `l${leaves.length}`;
        leaves.push(value);
        parts.push(`${name}=${value.type}[${value.shape}]`);
      } else {
        name = `c${constants.length}`;
        constants.push(value as Constant);
        parts.push(
          `${name}=${value.type}[${value.shape}]${Buffer.from((value as Constant).bytes).toString('base64')}`,
        );
      }
      names.set(value, name);
    }
    return name;
  };
  nodes.forEach((node, n) => {
    const inputs = node.inputs.map(nameOf).join();
    node.outputs.forEach((output, i) => {
      if (output) names.set(output, `${n}.${i}`);
    });
    const types = node.outputs.map((o) => (o ? `${o.type}[${o.shape}]` : '')).join();
    parts.push(`${node.domain}:${node.opType}(${inputs})${attributesKey(node.attributes)}->${types}`);
  });
  parts.push(`=>${outputs.map((output) => names.get(output)).join()}`);
  return { nodes: schedule(nodes), leaves, constants, outputs: [...outputs], key: parts.join('\n') };
}

function reachable(outputs: readonly NodeOutput[]): GraphNode[] {
  const seen = new Set<GraphNode>();
  const stack: GraphNode[] = [];
  const visit = (value: GraphValue | null) => {
    if (value instanceof NodeOutput && !seen.has(value.producer)) {
      seen.add(value.producer);
      stack.push(value.producer);
    }
  };
  outputs.forEach(visit);
  while (stack.length > 0) stack.pop()!.inputs.forEach(visit);
  return [...seen].sort((a, b) => a.id - b.id);
}

function attributesKey(attributes: Record<string, Attribute>): string {
  for (const _ in attributes) return JSON.stringify(attributes);
  return '';
}
