// Which cluster has which row of one kind in this worker's slab. Rows are given out when a cluster is first counted, kept for
// the life of the process, and told to main, which sums them by name.

/** Name of the row that clusters share when there are too many of them. No cluster can be called so. */
export const OTHER_CLUSTERS = "*";

export interface ClusterRowsOptions {
  readonly rowsMax: number;
  /** The row at a place of the slab. */
  rowAt(place: number): Float64Array;
  /** Clusters of a dead predecessor of this worker, by row. */
  readonly known: readonly string[];
  /** The next row is this cluster's. */
  defined(cluster: string): void;
}

export class ClusterRows {
  private readonly options: ClusterRowsOptions;
  private readonly clusters: string[];

  constructor(options: ClusterRowsOptions) {
    this.options = options;
    this.clusters = [...options.known];
  }

  rowOf(cluster: string): Float64Array {
    const { rowsMax, rowAt, defined } = this.options;
    const known = this.clusters.indexOf(cluster);
    if (known >= 0) return rowAt(known);
    const name = this.clusters.length < rowsMax - 1 ? cluster : OTHER_CLUSTERS;
    if (this.clusters.length < rowsMax) {
      this.clusters.push(name);
      defined(name);
    }
    return rowAt(this.clusters.indexOf(name));
  }
}

/** Each cluster with its rows of all workers; `clusters` by worker. */
export function rowsByCluster(
  clusters: readonly (readonly string[])[],
  rowAt: (worker: number, place: number) => Float64Array,
): { readonly cluster: string; readonly cell: (at: number) => number }[] {
  const names = [...new Set(clusters.flat())].toSorted();
  return names.map((cluster) => {
    const rows = clusters.flatMap((known, worker) => {
      const place = known.indexOf(cluster);
      return place < 0 ? [] : [rowAt(worker, place)];
    });
    return { cluster, cell: (at) => rows.reduce((sum, row) => sum + row[at]!, 0) };
  });
}
