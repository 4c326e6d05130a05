// What a page written with Relay asks: its compiler takes every kind of operation from here.
import { graphql } from 'react-relay';

export const page = graphql`
  query jobsQuery {
    ...jobs_list
  }
`;

export const list = graphql`
  fragment jobs_list on Query
  @argumentDefinitions(first: { type: "Int", defaultValue: 20 }, after: { type: "String" })
  @refetchable(queryName: "jobsNextQuery") {
    jobs(first: $first, after: $after) @connection(key: "jobs_list_jobs") {
      edges {
        node {
          id
          name
          status
          config
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

export const deploy = graphql`
  mutation jobsDeployMutation($input: DeployJobInput!) {
    deployJob(input: $input) {
      job {
        id
        status
      }
    }
  }
`;

export const follow = graphql`
  subscription jobsLogSubscription($jobId: ID!, $offset: Int) {
    logStream(jobId: $jobId, offset: $offset) {
      lines
      nextOffset
      complete
    }
  }
`;

export const changes = graphql`
  subscription jobsChangedSubscription($after: String) {
    jobChanged(after: $after) {
      ... on JobSaved {
        cursor
        job {
          id
          status
        }
      }
      ... on JobDeleted {
        cursor
        deletedJobId
      }
    }
  }
`;
