// Generate executes the templates of cases.go with Go's text/template and the functions of
// Docker's command line, and writes what they print, or how they fail, as JSON:
//
//	go mod tidy && go run . ../go.json ../../../docker/formats/testdata/docker.json
package main

import (
	"bytes"
	"encoding/json"
	"os"
	"reflect"
	"regexp"
	"strings"

	"github.com/docker/cli/templates"
)

type result struct {
	Template string `json:"template"`
	// Data is "typed", "document" or "nil".
	Data string `json:"data"`
	// MissingKey is "error" for a template that fails on a missing key.
	MissingKey string `json:"missingKey,omitempty"`
	// Output is what the template printed, before its failure if it failed.
	Output string  `json:"output"`
	Error  *string `json:"error,omitempty"`
}

type file struct {
	Type     any             `json:"type"`
	Document json.RawMessage `json:"document"`
	Cases    []result        `json:"cases"`
}

func main() {
	write(os.Args[1], goTemplates)
	write(os.Args[2], dockerTemplates)
}

func write(path string, list []string) {
	out := file{Type: describe(reflect.TypeFor[Container]()), Document: json.RawMessage(document)}
	for _, text := range list {
		data := "typed"
		missingKey := ""
		for _, prefix := range []string{"document:", "nil:", "error:"} {
			if after, ok := strings.CutPrefix(text, prefix); ok {
				text, data = after, strings.TrimSuffix(prefix, ":")
			}
		}
		if data == "error" {
			data, missingKey = "document", "error"
		}
		out.Cases = append(out.Cases, run(text, data, missingKey))
	}
	buffer := new(bytes.Buffer)
	encoder := json.NewEncoder(buffer)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", " ")
	if err := encoder.Encode(out); err != nil {
		panic(err)
	}
	if err := os.WriteFile(path, buffer.Bytes(), 0o644); err != nil {
		panic(err)
	}
}

// addresses differ from run to run, so that the files have the one that strake prints.
var addresses = regexp.MustCompile(`0x[0-9a-f]{10,}`)

func withoutAddresses(text string) string {
	return addresses.ReplaceAllString(text, "0xc000010000")
}

func run(text, data, missingKey string) result {
	out := result{Template: text, Data: data, MissingKey: missingKey}
	fail := func(err error) result {
		message := withoutAddresses(err.Error())
		out.Error = &message
		return out
	}
	template, err := templates.Parse(text)
	if err != nil {
		return fail(err)
	}
	if missingKey != "" {
		template.Option("missingkey=" + missingKey)
	}
	buffer := new(bytes.Buffer)
	err = template.Execute(buffer, dataOf(data))
	out.Output = withoutAddresses(buffer.String())
	if err != nil {
		return fail(err)
	}
	return out
}

func dataOf(name string) any {
	decoder := json.NewDecoder(strings.NewReader(document))
	decoder.UseNumber()
	switch name {
	case "typed":
		value := new(Container)
		if err := decoder.Decode(value); err != nil {
			panic(err)
		}
		return *value
	case "document":
		var value any
		if err := decoder.Decode(&value); err != nil {
			panic(err)
		}
		return value
	}
	return nil
}

// describe returns the parts of a type that templates can see.
func describe(t reflect.Type) any {
	out := map[string]any{"kind": t.Kind().String(), "name": t.String()}
	switch t.Kind() {
	case reflect.Pointer:
		out["kind"] = "pointer"
		out["element"] = describe(t.Elem())
	case reflect.Slice:
		out["element"] = describe(t.Elem())
	case reflect.Map:
		out["key"] = describe(t.Key())
		out["element"] = describe(t.Elem())
	case reflect.Struct:
		fields := []any{}
		for i := range t.NumField() {
			field := t.Field(i)
			name, options, _ := strings.Cut(field.Tag.Get("json"), ",")
			if name == "" {
				name = field.Name
			}
			fields = append(fields, map[string]any{
				"name": field.Name, "json": name, "omitEmpty": options == "omitempty",
				"type": describe(field.Type),
			})
		}
		out["fields"] = fields
	}
	return out
}
