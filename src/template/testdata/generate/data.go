package main

// The data of the templates: once typed, as the structs below, and once as a plain JSON document.

type Status string

type Words []string

type Health struct {
	Status        Status
	FailingStreak int
}

type State struct {
	Status   Status
	Running  bool
	Paused   bool
	Pid      int
	ExitCode int
	Health   *Health `json:",omitempty"`
	Killed   *bool
}

type Binding struct {
	HostIP   string `json:"HostIp"`
	HostPort string
}

type Container struct {
	ID       string `json:"Id"`
	Name     string
	State    *State
	Args     []string
	Env      Words
	Labels   map[string]string
	Ports    map[string][]Binding
	Exposed  map[string]struct{}
	Size     int64
	Ratio    float64
	Level    uint8
	Limit    *int64
	Any      any
	List     any
	Nothing  any
	NoState  *State
	NoArgs   []string
	NoLabels map[string]string
	Matrix   [][]int
	Codes    map[int]string
	Where    Binding
	Text     string
	Raw      string
	Options  []any
}

const document = `{
  "Id": "4f1c0a9b2d3e",
  "Name": "/web",
  "State": {"Status": "running", "Running": true, "Paused": false, "Pid": 4711, "ExitCode": 0, "Killed": true},
  "Args": ["-c", "sleep 1", "x"],
  "Env": ["PATH=/bin", "A=b c"],
  "Labels": {"b": "2", "a": "1", "com.example.name": "n<&>'\"", "c": ""},
  "Ports": {"80/tcp": [{"HostIp": "0.0.0.0", "HostPort": "8080"}, {"HostIp": "::", "HostPort": "8080"}], "53/udp": null},
  "Exposed": {"80/tcp": {}, "53/udp": {}},
  "Size": 123456789,
  "Ratio": 2.5,
  "Level": 200,
  "Limit": 2048,
  "Any": {"k": [1, 2.5, "t", null, true], "n": 5},
  "List": ["p", 1, null],
  "Nothing": null,
  "NoState": null,
  "NoArgs": null,
  "NoLabels": null,
  "Matrix": [[1, 2, 3], [4, 5], []],
  "Codes": {"2": "two", "10": "ten", "-1": "minus"},
  "Where": {"HostIp": "127.0.0.1", "HostPort": "1"},
  "Text": "größe 世界 \u0001\u007f\u200b\t\n\"q\" \\",
  "Raw": "straße ÉTÉ ǆ hello_world-again x",
  "Options": [true, "o", 3]
}`
