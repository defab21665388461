module proctor.example/targets

go 1.18
