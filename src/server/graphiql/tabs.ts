/** One tab of GraphiQL. */
export interface Tab {
  query: string;
  /** A JSON object as text: what a person finds in the variables' editor. */
  variables: string;
}

const deploy = `# Starts a job on this machine: a tiny
# language model that learns to spell. Run it
# by Ctrl-Enter. The next tabs then have its id
# in their variables.
#
# Where the server needs a token: write under
# Headers {"Authorization": "Bearer TOKEN"},
# then get the schema again, by the arrows at
# the bottom left.
mutation Deploy {
  deployJob(
    input: {
      provider: "local"
      recipe: "tiny-lm"
      modelName: "tiny-lm"
      config: {
        epochs: 12
        learning_rate: 0.005
      }
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

const follow = `# Follows a log: its last 20 lines, then each
# new one, until the job is over. Ctrl-Enter
# starts it and stops it. To resume, write the
# nextOffset as offset.
subscription Follow(
  $jobId: ID!
  $offset: Int = 0
) {
  logStream(jobId: $jobId, offset: $offset) {
    offset
    lines
    nextOffset
    complete
  }
}
`;

const page = `# A page of a log, while the job runs and long
# after. A negative offset counts from the end:
# -50 is the last 50 lines. The next page
# begins at nextOffset.
query Page(
  $jobId: ID!
  $offset: Int = 0
  $limit: Int = 100
) {
  logs(
    jobId: $jobId
    offset: $offset
    limit: $limit
  ) {
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

const loss = `# How far a job is, and its loss over time,
# read from its log. However few the points,
# every peak is one of them.
query Loss($jobId: ID!) {
  job(id: $jobId) {
    status
    progress {
      percent
      step
      totalSteps
      loss
      secondsRemaining
    }
    metrics(names: ["loss"], maxPoints: 20) {
      name
      points {
        step
        value
        line
      }
    }
  }
}
`;

const failure = `# The jobs that failed last, and why: the
# reason, and the line where the error begins.
query Failure {
  jobs(
    first: 5
    filter: { statuses: [FAILED, LOST] }
  ) {
    edges {
      node {
        id
        name
        finishedAt
        failure {
          message
          exitCode
          signal
          offset
          excerpt
        }
      }
    }
  }
}
`;

const cancel = `# Asks a job to end, which may save a
# checkpoint first. With force it ends at once.
mutation Cancel(
  $jobId: ID!
  $force: Boolean = false
) {
  cancelJob(
    input: { jobId: $jobId, force: $force }
  ) {
    job {
      id
      status
    }
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
        waitsFor {
          message
        }
        progress {
          percent
          loss
        }
      }
    }
  }
}
`;

/** The tabs that GraphiQL shows at first. In place of ID comes the id of the job that was deployed last. */
export const tabs: readonly Tab[] = [
  { query: deploy, variables: '' },
  { query: follow, variables: json({ jobId: 'ID', offset: -20 }) },
  { query: page, variables: json({ jobId: 'ID', offset: -50, limit: 50 }) },
  { query: loss, variables: json({ jobId: 'ID' }) },
  { query: failure, variables: '' },
  { query: cancel, variables: json({ jobId: 'ID', force: false }) },
  { query: jobs, variables: '' },
];

function json(value: object): string {
  return JSON.stringify(value, null, 2);
}
