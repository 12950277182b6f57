/** What channels put around an alert, in English. */
export const channelEnglish = {
  page: "PAGE",
  ticket: "Ticket",
  notification: "Notice",
  log: "Log",
  resolved: "RESOLVED",
  headline: "[{tag}] {title}",
  line: "{label}: {text}",
  impact: "Impact",
  was: "Impact until now",
  next: "Next",
  host: "Host",
  incident: "Incident",
  time: "Time",
  runbook: "Runbook",
  more: "… and {count} more",
} as const;
