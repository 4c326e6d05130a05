/** One tab of GraphiQL. */
export interface Tab {
  query: string;
  /** A JSON object as text: what a person finds in the variables' editor. */
  variables: string;
}

const deploy = `# Starts a training job on this machine: a tiny
# language model that learns to spell. Run it with
# Ctrl-Enter, and put its id into the variables of
# the next tabs.
#
# Where the server needs a token: under Headers,
# write {"Authorization": "Bearer TOKEN"}, then get
# the schema again: the arrows at the bottom left.
mutation Deploy {
  deployJob(
    input: {
      provider: "local"
      recipe: "tiny-lm"
      modelName: "tiny-lm"
      config: { epochs: 12, learning_rate: 0.005 }
    }
  ) {
    job {
      id
      name
      status
    }
  }
}
`;

const follow = `# Follows a job's log: its last 20 lines, then each
# new one, until the job is over. Ctrl-Enter starts
# and stops it; on the right are the newest lines.
# To resume, take the last nextOffset as the offset.
subscription Follow($jobId: ID!, $offset: Int = 0) {
  logStream(jobId: $jobId, offset: $offset) {
    offset
    lines
    nextOffset
    complete
  }
}
`;

const page = `# A page of a job's log, while it runs and long
# after. A negative offset counts from the end: -50
# is the last 50 lines. The next page begins at
# nextOffset.
query Page($jobId: ID!, $offset: Int = 0, $limit: Int = 100) {
  logs(jobId: $jobId, offset: $offset, limit: $limit) {
    entries {
      offset
      time
      level
      text
    }
    nextOffset
    hasMore
    total
    complete
  }
}
`;

const jobs = `# The newest jobs, and how far they are.
query Jobs {
  jobs(first: 10) {
    totalCount
    edges {
      node {
        id
        name
        status
        createdAt
        progress {
          percent
          loss
        }
      }
    }
  }
}
`;

/** The tabs that GraphiQL shows at first: deploy a job, follow it, page its log, list jobs. */
export const tabs: readonly Tab[] = [
  { query: deploy, variables: '' },
  { query: follow, variables: json({ jobId: 'ID', offset: -20 }) },
  { query: page, variables: json({ jobId: 'ID', offset: -50, limit: 50 }) },
  { query: jobs, variables: '' },
];

function json(value: object): string {
  return JSON.stringify(value, null, 2);
}
