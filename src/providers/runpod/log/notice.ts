import type { LogNotice } from '../../../core/log.ts';
import { httpStatusOf, isForeign, wordsIn } from '../api/answer.ts';
import { consoleUrlOf, type Pod } from '../api/wire.ts';

/** The file in which the wrapper keeps a job's log, in the first of the `folders` where it may write. */
const logIn = (jobId: string) => `trainyard/${jobId}/training_output.log`;
const folders = { usual: '/workspace', other: '/tmp' };

/** Why a pod's log cannot be read: RunPod's refusal, a log without lines, or a pod that is gone. */
export type LogTrouble = { error: unknown } | 'empty' | 'gone';

/** The notice for a pod's log that cannot be read. It says where else to look. */
export function noticeOf(
  { jobId, podId }: { jobId: string; podId: string },
  trouble: LogTrouble,
  pod: Pod | null,
): LogNotice {
  const url = consoleUrlOf(podId);
  if (trouble === 'gone') {
    return {
      code: 'POD_GONE',
      message: `RunPod no longer has the pod ${podId}: lines that were not captured before are lost`,
      url,
      help: [`If the job had a network volume, its log is still on it: ${logIn(jobId)}`],
    };
  }
  const ssh = pod?.ssh?.direct ?? pod?.ssh?.proxy;
  return {
    ...reasonOf(podId, trouble),
    url,
    help: [
      `Open the pod in RunPod's console: ${url}`,
      'Choose the tab "Logs", then "Container" for what the job has printed, or "System" for what the host did',
      ...(ssh
        ? [
            `Or read it in the pod itself: ${ssh.command}, then tail -f ${folders.usual}/${logIn(jobId)} (${folders.other}/${logIn(jobId)} where the image's user may not write to ${folders.usual})`,
          ]
        : []),
    ],
  };
}

function reasonOf(podId: string, trouble: Exclude<LogTrouble, 'gone'>) {
  if (trouble === 'empty') {
    return {
      code: 'LOG_EMPTY',
      message: `The pod ${podId} runs, but RunPod has given no line of its log yet`,
    };
  }
  const said = wordsIn(trouble.error);
  const words = said === null ? '' : `: "${said}"`;
  switch (httpStatusOf(trouble.error)) {
    case 401:
      return {
        code: 'LOG_REFUSED',
        message: `RunPod does not accept the API key for the log of pod ${podId} (401)${words}`,
      };
    case 403:
      if (isForeign(trouble.error)) {
        return {
          code: 'LOG_REFUSED',
          message: `A gateway or proxy before RunPod refuses to give the log of pod ${podId} (403)${words}`,
        };
      }
      return {
        code: 'LOG_REFUSED',
        message: `RunPod does not let this API key read the log of pod ${podId} (403)${words}`,
      };
    default:
      return {
        code: 'LOG_NOT_FOUND',
        message: `RunPod has no log of pod ${podId} (404)${words}`,
      };
  }
}
